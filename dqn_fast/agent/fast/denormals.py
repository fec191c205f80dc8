"""Denormals, numbers too small for full precision, flushed to 0.

A unit of the network that no longer fires leaves averages in Adam that shrink with every update, but never
reach 0. Below 1e-38 such numbers are denormal, and processors compute with them many times more slowly.
"""

from __future__ import annotations

import torch


class FlushDenormals:
    """A context manager within which this thread's arithmetic flushes denormals to 0.

    It is for learner updates alone: environments and the replay memory do not run within it. PyTorch does not
    tell the mode before; afterwards it is off, which is the default.
    """

    def __enter__(self) -> None:
        torch.set_flush_denormal(True)

    def __exit__(self, *_: object) -> None:
        torch.set_flush_denormal(False)
