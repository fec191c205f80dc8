"""A run starts only when nothing stands against it, and builds its parts once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from training.short import short

from dqn_fast.training import TrainConfig, UsageError, train
from dqn_fast.training.parts import run
from dqn_fast.training.run_folder.layout import folder_lock

CONFIG = short("CartPole-v1", 120, eval_episodes=1)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder of an earlier run."""
    (tmp_path / "model.pt").write_text("precious")
    return tmp_path


def untouched(folder: Path) -> bool:
    (model,) = folder.iterdir()
    return model.read_text() == "precious"


def test_its_parts_are_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def counted(name: str) -> Any:
        build = getattr(run, name)

        def count(*args: Any, **kwargs: Any) -> Any:
            built.append(name)
            return build(*args, **kwargs)

        return count

    names = ["build_environments", "build_agent", "build_buffer"]
    for name in names:
        monkeypatch.setattr(run, name, counted(name))
    train(CONFIG, tmp_path)
    assert built == names


def test_settings_that_fit_nothing_overwrite_nothing(earlier: Path) -> None:
    with pytest.raises(UsageError, match="Pendulum-v1 does not fit"):
        train(TrainConfig("Pendulum-v1"), earlier, overwrite=True)
    assert untouched(earlier)


def test_a_folder_in_use_is_left_alone(earlier: Path) -> None:
    with folder_lock(earlier), pytest.raises(UsageError, match="got a run going on there"):
        train(CONFIG, earlier, overwrite=True)
    assert untouched(earlier)


def test_an_earlier_run_is_overwritten_only_if_told_to(earlier: Path) -> None:
    with pytest.raises(UsageError, match=r"got a run already \(model\.pt\)"):
        train(CONFIG, earlier)
    assert untouched(earlier)
    assert train(CONFIG, earlier, overwrite=True).evaluation
    assert (earlier / "model.pt").stat().st_size > 100
