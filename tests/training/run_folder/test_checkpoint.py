"""Checkpoints that cannot be resumed from: damaged ones, and those of another configuration."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training.short import short

from dqn_fast import __version__
from dqn_fast.training import UsageError, resume, train
from dqn_fast.training.run_folder.layout import CHECKPOINTS
from dqn_fast.training.run_folder.model import save_config

CONFIG = short("CartPole-v1", 250)


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a run that was killed just before its end."""
    with monkeypatch.context() as patch:
        patch.setattr("dqn_fast.training.run.delete_checkpoints", lambda _: None)
        train(CONFIG, tmp_path)
    (tmp_path / "result.json").unlink()
    (path,) = tmp_path.glob(CHECKPOINTS)
    return path


@pytest.mark.parametrize("name", ["memory.dqn", "state.pt"])
@pytest.mark.parametrize("length", [None, 0, 1000])
def test_a_damaged_one_is_one_line(checkpoint: Path, name: str, length: int | None) -> None:
    if length is None:
        (checkpoint / name).unlink()
    else:
        os.truncate(checkpoint / name, length)
    with pytest.raises(
        UsageError, match=rf"^cannot resume from {checkpoint}: .*; delete it to start the run over$"
    ):
        resume(checkpoint.parent)
    shutil.rmtree(checkpoint)
    assert resume(checkpoint.parent).evaluation


@pytest.mark.parametrize("content", [[1.0], b"cno_such_module\nNothing\n."])
def test_another_pickle_is_one_line(checkpoint: Path, content: object) -> None:
    if isinstance(content, bytes):
        (checkpoint / "state.pt").write_bytes(content)
    else:
        torch.save(content, checkpoint / "state.pt")
    line = rf"^cannot resume from {checkpoint}: .*; delete it to start the run over$"
    with pytest.raises(UsageError, match=line):
        resume(checkpoint.parent)


def test_another_configuration_is_refused(checkpoint: Path) -> None:
    save_config(checkpoint.parent, replace(CONFIG, prioritized=True, gamma=0.9))
    with pytest.raises(UsageError, match=r"got one of another configuration \(gamma, prioritized\)"):
        resume(checkpoint.parent)
    save_config(checkpoint.parent, CONFIG)
    assert resume(checkpoint.parent).evaluation


def test_one_that_does_not_say_its_configuration_is_refused(checkpoint: Path) -> None:
    state = torch.load(checkpoint / "state.pt", weights_only=False)
    del state["config"]
    torch.save(state, checkpoint / "state.pt")
    with pytest.raises(UsageError, match=r"got one of another configuration \(env_id, total_steps, "):
        resume(checkpoint.parent)


def test_a_setting_that_it_does_not_know_has_its_default(checkpoint: Path) -> None:
    state = torch.load(checkpoint / "state.pt", weights_only=False)
    del state["config"]["network"]
    torch.save(state, checkpoint / "state.pt")
    save_config(checkpoint.parent, replace(CONFIG, network="mine:Net"))
    with pytest.raises(UsageError, match=r"got one of another configuration \(network\)"):
        resume(checkpoint.parent)
    save_config(checkpoint.parent, CONFIG)
    assert resume(checkpoint.parent).evaluation


def test_one_of_a_newer_version_is_refused(checkpoint: Path) -> None:
    state = torch.load(checkpoint / "state.pt", weights_only=False)
    torch.save({**state, "config": {**state["config"], "warp": 9}}, checkpoint / "state.pt")
    with pytest.raises(UsageError) as caught:
        resume(checkpoint.parent)
    assert str(caught.value) == (
        f"{checkpoint}: got the settings warp, expected those of dqn_fast {__version__}; a newer one may"
        " have written them"
    )
