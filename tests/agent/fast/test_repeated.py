"""When a graph does its work, records it and replays it; CUDA itself is played by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from dqn_fast.agent.fast.repeated import Graph, repeated

GPU = torch.device("cuda:0")


class Cuda:
    """Remembers what is done on which stream; a replay does the recorded work again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, records: bool = True) -> None:
        self.done: list[str] = []
        self.stream = "main"
        self.value = torch.zeros(())
        self._records = records
        for name, part in {
            "current_stream": lambda device: self,
            "Stream": lambda device: self,
            "stream": lambda stream: self._on("beside"),
            "CUDAGraph": lambda: self,
            "graph": self._recording,
        }.items():
            monkeypatch.setattr(torch.cuda, name, part)
        monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, stream: None)

    def wait_stream(self, other: Any) -> None:
        self.done.append("wait")

    def replay(self) -> None:
        self.done.append("replay")
        self.value += 1

    def work(self) -> torch.Tensor:
        self.done.append(self.stream)
        if self.stream == "recording" and not self._records:
            raise RuntimeError("operation not permitted\nwhen stream is capturing")
        if self.stream != "recording":  # then nothing is computed
            self.value += 1
        return self.value

    @contextmanager
    def _on(self, stream: str) -> Iterator[None]:
        self.stream = stream
        try:
            yield
        finally:
            self.stream = "main"

    def _recording(self, graph: Any, capture_error_mode: str) -> Any:
        assert graph is self and capture_error_mode == "thread_local"
        return self._on("recording")


def test_three_times_beside_then_recorded_and_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = Cuda(monkeypatch)
    graph = repeated(cuda.work, GPU)
    assert isinstance(graph, Graph)
    assert [graph().item() for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    assert cuda.done == ["wait", "beside", "wait"] * 3 + ["recording", "replay", "replay", "replay"]


def test_what_cannot_be_recorded_is_done_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = Cuda(monkeypatch, records=False)
    graph = repeated(cuda.work, GPU)
    assert [graph().item() for _ in range(3)] == [1, 2, 3]
    with pytest.warns(
        UserWarning, match=r"not recorded as a CUDA graph: operation not permitted when stream"
    ):
        assert graph().item() == 4
    assert [graph().item() for _ in range(2)] == [5, 6]
    assert cuda.done[9:] == ["recording", "main", "main", "main"]


def test_elsewhere_it_is_the_work_itself() -> None:

    work = torch.ones(()).clone
    assert repeated(work, torch.device("cpu")) is work
