from __future__ import annotations

import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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


@pytest.fixture
def pictures() -> None:
    """Asked for by a test that looks at the picture of a run, or whose figures are odd ones to paint."""


@pytest.fixture(autouse=True)
def composed_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave an empty file where no test looks: to paint a picture takes longer than a short training."""
    from dqn_fast.training.reports import learning_curve

    with pytest.MonkeyPatch.context() as patch:  # its own, as it ends after those of the tests
        if "pictures" not in request.fixturenames:
            patch.setattr(learning_curve, "save_figure", leave_empty)
        yield


def leave_empty(figure: Any, path: Path) -> None:
    """Write a picture's file without a picture."""
    from dqn_fast.training.run_folder.files import atomic_write

    with atomic_write(path) as partial:
        partial.touch()
