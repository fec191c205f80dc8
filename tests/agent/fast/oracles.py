"""Slow and obvious twins of the fast code."""

from __future__ import annotations

import numpy as np


def dense_layer(features: np.ndarray, weight: np.ndarray, bias: np.ndarray, relu: bool) -> np.ndarray:
    """Outputs (N, outputs) in float32: eight sums of every eighth product, added up by pairs."""
    outputs = np.empty((len(features), len(bias)), np.float32)
    for row, output in np.ndindex(outputs.shape):
        sums = [np.float32(0.0)] * 8
        for i, (number, factor) in enumerate(zip(features[row], weight[output], strict=True)):
            sums[i % 8] += number * factor
        while len(sums) > 1:
            sums = [a + b for a, b in zip(sums[::2], sums[1::2], strict=True)]
        value = sums[0] + bias[output]
        outputs[row, output] = 0.0 if relu and value < 0 else value
    return outputs
