"""What does it cost to draw a batch and have it in arrays?"""

from __future__ import annotations

from ratios import Measure
from rivals import Rival


def bench_sample(batch_size: int, measure: Measure, rival: Rival) -> None:
    measure(f"sample {batch_size}", rival.sample, batch_size)
