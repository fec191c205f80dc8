"""LSTM (Hochreiter & Schmidhuber, 1997) and GRU (Cho et al., 2014), by PyTorch's own kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.layers import draw_weights
from dqn_fast.agent.networks.windows import State

_KINDS = {"lstm": nn.LSTM, "gru": nn.GRU}
_PARTS = {"lstm": ("hidden", "cell"), "gru": ("hidden",)}


class Recurrent(nn.Module):
    """One recurrent layer, which takes padded rows.

    PyTorch's packed sequences take several times as long on a CPU, if rows end one by one. Padding on the
    right disturbs nothing: no step sees a later one.

    Args:
        kind: of the layer.
        inputs: features of each step.
        size: units.
        generator: source of the initial weights, which are PyTorch's default: uniform in ±1/sqrt(units).
    """

    def __init__(
        self, kind: Literal["lstm", "gru"], inputs: int, size: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.size = size
        self._parts = _PARTS[kind]
        make: Callable[[], nn.LSTM | nn.GRU] = partial(_KINDS[kind], inputs, size, batch_first=True)
        self.layer = draw_weights(make, size, generator)

    def start(self, count: int) -> State:
        """Return the state of `count` sequences before their first step: zeros, `(count, size)` float32."""
        device = next(self.parameters()).device
        return {part: torch.zeros(count, self.size, device=device) for part in self._parts}

    def forget(self, state: State, rows: Sequence[int]) -> State:
        """Return the state with these sequences before their first step again."""
        at = torch.tensor(list(rows), dtype=torch.int64).to(state["hidden"].device)
        return {part: value.index_fill(0, at, 0) for part, value in state.items()}

    def forward(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the features of every step, `(B, T, size)`, and the state behind the last one.

        Args:
            features: `(B, T, inputs)` float32.
            state: before the first step; None begins anew.
        """
        return self._run(features, self.start(len(features)) if state is None else state)

    def advance(self, features: Tensor, lengths: Tensor, state: State | None = None) -> State:
        """Return the state behind each row's last step.

        Args:
            features: `(B, T, inputs)` float32.
            lengths: `(B,)`, steps of each row, from 0 to T.
            state: before the first step; None begins anew.
        """
        state = self.start(len(features)) if state is None else state
        after = {part: value.clone() for part, value in state.items()}
        for length in set(lengths.tolist()) - {0}:  # usually few: most rows have all steps
            rows = lengths == length
            last = self._run(features[rows, :length], {part: value[rows] for part, value in state.items()})[1]
            for part, value in last.items():
                after[part][rows] = value
        return after

    def _run(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        parts = [state[part].unsqueeze(0) for part in self._parts]
        result, after = self.layer(features, parts[0] if len(parts) == 1 else tuple(parts))
        last = (after,) if len(parts) == 1 else after
        return result, {part: value.squeeze(0) for part, value in zip(self._parts, last, strict=True)}
