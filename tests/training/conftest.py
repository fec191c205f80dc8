from __future__ import annotations

import signal
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

# The trainer is an extra: without its packages these tests have nothing to test.
collect_ignore_glob = ["test_*.py"]

if all(map(find_spec, ("gymnasium", "matplotlib", "rich", "tensorboard", "torch", "tyro"))):
    import torch

    collect_ignore_glob = []
    # Small networks are several times slower on two threads than on one.
    torch.set_num_threads(1)


@pytest.fixture
def heeds_sighup() -> Iterator[None]:
    """As in a terminal, also where the tests run under nohup: their children would ignore the signal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
