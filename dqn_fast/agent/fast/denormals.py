"""Numbers too small for their format's full precision, taken as 0.

A unit of the network that no longer fires leaves Adam averages that halve every few updates and never reach
0. Below 1e-38 a processor needs tens of cycles for such a number, where it needs one for many others:
unnoticed, that can cost a quarter of an update.
"""

from __future__ import annotations

import torch


class FlushDenormals:
    """Within it, this thread's arithmetic takes denormal numbers as 0; a context manager.

    It is for the arithmetic of updates alone: environments and the replay memory keep theirs. PyTorch cannot
    say what was set before; afterwards it is off, as by default.
    """

    def __enter__(self) -> None:
        torch.set_flush_denormal(True)

    def __exit__(self, *_: object) -> None:
        torch.set_flush_denormal(False)
