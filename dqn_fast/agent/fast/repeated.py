"""Work that is repeated over the same memory: on a CUDA GPU a graph, whose start takes the CPU one call."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

# Calls before the graph is recorded: in the first ones kernels are chosen, and memory is reserved.
_WARM_UP = 3


def repeated(work: Callable[[], Tensor], device: torch.device) -> Callable[[], Tensor]:
    """Return what does the same work at each call; its result is valid until the next one.

    Args:
        work: reads and writes tensors that stay where they are, asks for no number, and returns a tensor.
        device: of the tensors.
    """
    return Graph(work, device) if device.type == "cuda" else work


class Graph:
    """Does the work for the first few calls, then records it, and from then on replays it.

    Args:
        work: see `repeated`.
        device: a CUDA GPU.
    """

    def __init__(self, work: Callable[[], Tensor], device: torch.device) -> None:
        self._work = work
        self._device = device
        self._calls = 0
        self._replay: Callable[[], None] | None = None
        self._found: Tensor

    def __call__(self) -> Tensor:
        """Do the work once."""
        self._calls += 1
        if self._calls <= _WARM_UP:
            return self._beside()
        if self._replay is None:
            self._replay = self._record()
        self._replay()
        return self._found

    def _beside(self) -> Tensor:
        """Do the work on another stream, as PyTorch asks for before a recording."""
        now = torch.cuda.current_stream(self._device)
        beside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        beside.wait_stream(now)
        with torch.cuda.stream(beside):
            found = self._work()
        now.wait_stream(beside)
        found.record_stream(now)
        return found

    def _record(self) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        try:
            # Other threads may use CUDA meanwhile: one copies batches.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._found = self._work()  # nothing is computed yet
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            warnings.warn(f"an update is not recorded as a CUDA graph: {reason}", stacklevel=2)
            return self._again
        return graph.replay

    def _again(self) -> None:
        self._found = self._work()
