"""Whole runs, on both transports: the updates of one process, the files of a run, and going on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed.support import Transports, apex

from dqn_fast import ReplayBuffer
from dqn_fast.distributed import OneThread, resume_distributed, train_distributed
from dqn_fast.errors import SettingError
from dqn_fast.training import StopTraining, load_model, train
from dqn_fast.training.run_folder.layout import CHECKPOINTS


@pytest.mark.parametrize("shards", [1, 2])
def test_a_run_makes_the_updates_of_one_process(transports: Transports, tmp_path: Path, shards: int) -> None:
    config = apex(600, shards=shards, clip_rewards=True)
    run = train_distributed(config, tmp_path / "many", connect=transports)
    alone = train(replace(config, actors=0, shards=1, num_envs=4), tmp_path / "one")
    assert run.result.updates == alone.result.updates == 600 // 8 - 99 // 8
    assert 600 <= run.result.steps < 600 + 2
    assert {path.name for path in (tmp_path / "many").iterdir()} >= {
        *("config.json", "result.json", "metrics.csv", "learning_curve.png", "model.pt")
    }
    steps = np.genfromtxt(tmp_path / "many" / "metrics.csv", delimiter=",", names=True)["step"]
    assert len(steps) >= 6 and (np.diff(steps) > 0).all() and steps[-1] == run.result.steps
    assert json.loads((tmp_path / "many" / "config.json").read_text())["actors"] == 2
    assert load_model(tmp_path / "many") is not None


def test_uniform_replay_needs_no_priorities(transports: Transports, tmp_path: Path) -> None:
    run = train_distributed(apex(300, prioritized=False), tmp_path / "run", connect=transports)
    assert run.result.updates == 300 // 8 - 99 // 8


def test_a_stopped_run_goes_on_with_other_shards_and_actors(transports: Transports, tmp_path: Path) -> None:
    folder, config = tmp_path / "run", apex(700, shards=1, checkpoint_period=200, keep_checkpoint=True)

    def stop(row: Any, agent: Any) -> None:
        if row.step >= 400:
            raise KeyboardInterrupt  # as a crash: no checkpoint of this step is made

    with pytest.raises(KeyboardInterrupt):
        train_distributed(config, folder, connect=transports, observers=[stop])
    (checkpoint,) = folder.glob(CHECKPOINTS)
    held = len(ReplayBuffer.load(checkpoint / "memory-0000.dqn"))
    assert held >= 200
    run = resume_distributed(folder, connect=transports, spread={"shards": 3, "actors": 3})
    assert run.result.updates == 700 // 8 - 99 // 8
    (last,) = folder.glob(CHECKPOINTS)
    saved = [ReplayBuffer.load(path) for path in sorted(last.glob("memory-*.dqn"))]
    assert [buffer.num_envs for buffer in saved] == [2, 2, 2]
    assert sum(map(len, saved)) >= 700
    assert all(buffer.is_valid() for buffer in saved)


def test_an_observer_ends_a_run(transports: Transports, tmp_path: Path) -> None:
    def stop(row: Any, agent: Any) -> None:
        if row.step >= 200:
            raise StopTraining

    run = train_distributed(apex(900), tmp_path / "run", connect=transports, observers=[stop])
    assert 200 <= run.result.steps < 400 and run.evaluation is not None


def test_in_one_thread_a_run_repeats_itself_bit_for_bit(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train_distributed(apex(500, shards=2), tmp_path / name, connect=lambda config: OneThread())
    one, two = ((tmp_path / name / "model.pt").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("tolerance", [0, 80])
def test_actors_take_turns(tmp_path: Path, tolerance: int) -> None:
    config = apex(800, shards=2, rate_tolerance=tolerance, checkpoint_period=400, keep_checkpoint=True)
    train_distributed(config, tmp_path / "run", connect=lambda config: OneThread())
    (checkpoint,) = (tmp_path / "run").glob(CHECKPOINTS)
    held = [len(ReplayBuffer.load(path)) for path in checkpoint.glob("memory-*.dqn")]
    assert min(held) >= 300  # of 800


def test_what_does_not_go_with_actors_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"actors: got 2, expected 0, or dqn_fast.distributed"):
        train(apex(300), tmp_path / "run")
    for settings, name in (
        ({"network": "lstm"}, "network"),
        ({"save_memory": True}, "save_memory"),
        ({"scripted_episodes": 1}, "scripted_episodes"),
        ({"shards": 3}, "shards"),
        ({"capacity": 3}, "capacity"),
        ({"cluster": ""}, "cluster"),
    ):
        with pytest.raises(SettingError, match=f"^{name}: got .*, expected"):
            apex(300, **settings)
    assert list(tmp_path.iterdir()) == []
