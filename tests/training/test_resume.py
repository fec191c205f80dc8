"""A run that was stopped or killed goes on as if nothing had happened: the same numbers, bit for bit."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from training.stopping import CONFIG, Interrupting, numbers, stopped
from training.tiny import Tiny

import dqn_fast
from dqn_fast.cli import main
from dqn_fast.training import StopTraining, UsageError, resume, train
from dqn_fast.training.evaluation.evaluate import evaluate
from dqn_fast.training.run_folder.layout import CHECKPOINTS


class Noisy(Interrupting):
    """Its rewards come from the process's own generator."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, *rest = super().step(action)
        return obs, reward + np.random.random(), *rest  # type: ignore[return-value]  # noqa: NPY002


class Forgetful(Tiny):
    """Its episodes depend on something that no seed decides."""

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        self.noise = np.random.default_rng().random()
        super().reset(**options)
        return self._obs(), {}

    def _obs(self) -> Any:
        return np.array([self.place + self.noise / 2], np.float32)


@pytest.fixture(autouse=True)
def environments() -> Iterator[None]:
    gym.register("Interrupting-v0", Interrupting)
    gym.register("Noisy-v0", Noisy)
    gym.register("Forgetful-v0", Forgetful)
    yield
    del gym.registry["Interrupting-v0"], gym.registry["Noisy-v0"], gym.registry["Forgetful-v0"]
    Interrupting.presses_at = 0


_SEQUENCES = {"sequence_units": 8, "learn_period": 20, "batch_size": 4}
CHANGES: list[dict[str, Any]] = [
    {},
    {"prioritized": True, "n_step": 3, "dueling": True, "num_envs": 3, "epsilon_repeat": 2.0},
    {"env_id": "Noisy-v0"},
    {"prefetch": 2, "prioritized": True, "learn_updates": 2},
    {"target": "hard", "target_update_period": 7, "loss": "mse", "checkpoint_period": 0},
    {"optimizer": "rmsprop", "rmsprop_momentum": 0.9, "learn_updates": 3},
    {"network": "lstm", "prioritized": True, "n_step": 3, "num_envs": 3, **_SEQUENCES},
    {"network": "gru", "sequence_length": 4, "burn_in": 2, "stored_state": True, **_SEQUENCES},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_ctrl_c_and_resume(tmp_path: Path, changes: dict[str, Any]) -> None:
    config = replace(CONFIG, **changes)
    whole = train(config, tmp_path / "whole")
    clock = {"wall_seconds": 0.0, "steps_per_second": 0.0}
    for presses_at in (1, 150, 555):
        parts = tmp_path / str(presses_at)
        stopped(config, parts, presses_at)
        resumed = resume(parts)
        assert numbers(parts) == numbers(tmp_path / "whole")
        assert resumed.evaluation == whole.evaluation
        assert replace(resumed.result, **clock) == replace(whole.result, **clock)
        assert not list(parts.glob("*checkpoint*"))  # complete: no longer needed


def interrupt_evaluation(patch: pytest.MonkeyPatch, module: str, number: int, presses_after: int) -> None:
    """Let Ctrl-C be pressed in that evaluation of a module, after some of its steps."""
    made = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal made
        made += 1
        Interrupting.steps_made, Interrupting.presses_at = 0, presses_after if made == number else 0
        return evaluate(*args, **kwargs)

    patch.setattr(f"dqn_fast.training.{module}.evaluate", counted)


@pytest.mark.parametrize("presses_after", [1, 7])
@pytest.mark.parametrize("number", [1, 2, 3])  # the third is after the last step
@pytest.mark.parametrize("env_id", ["Interrupting-v0", "Noisy-v0"])
def test_ctrl_c_in_a_selection(tmp_path: Path, env_id: str, number: int, presses_after: int) -> None:
    config = replace(CONFIG, env_id=env_id, log_period=100)
    whole = train(config, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        interrupt_evaluation(patch, "evaluation.selection", number, presses_after)
        assert train(config, tmp_path / "parts").evaluation is None
    resumed = resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    assert resumed.result.model_step == whole.result.model_step


@pytest.mark.parametrize("number", [1, 2])  # of the best weights, and of the last
@pytest.mark.parametrize("checkpoint_period", [0, 150, 450])
def test_ctrl_c_in_the_evaluation_at_the_end(tmp_path: Path, checkpoint_period: int, number: int) -> None:
    config = replace(CONFIG, checkpoint_period=checkpoint_period, log_period=100)
    config = replace(config, selection_period=300, total_steps=590)
    whole = train(config, tmp_path / "whole")
    assert whole.result.model_step == 300
    with pytest.MonkeyPatch.context() as patch:
        interrupt_evaluation(patch, "run", number, 5)
        assert train(config, tmp_path / "parts").evaluation is None
    seen: list[int] = []
    resumed = resume(tmp_path / "parts", observers=[lambda row, agent: seen.append(row.step)])
    assert not seen  # nothing was left to train
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    assert resumed.evaluation == whole.evaluation
    assert resumed.last_evaluation == whole.last_evaluation
    assert resumed.result.selection_steps == whole.result.selection_steps


def test_ctrl_c_behind_the_evaluation_comes_too_late(tmp_path: Path) -> None:
    def evaluated(*args: Any, **kwargs: Any) -> Any:
        evaluation = evaluate(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGINT)
        return evaluation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dqn_fast.training.run.evaluate", evaluated)
        run = train(replace(CONFIG, selection_period=0), tmp_path / "run")
    assert run.evaluation is not None
    assert not run.result.interrupted
    assert run.result.eval_return_mean == run.evaluation.mean


def test_what_an_observer_has_ended_stays_ended(tmp_path: Path) -> None:
    def stop(row: Any, agent: Any) -> None:
        if row.step >= 220:
            raise StopTraining

    whole = train(CONFIG, tmp_path / "whole", observers=[stop])
    with pytest.MonkeyPatch.context() as patch:
        interrupt_evaluation(patch, "run", 1, 5)
        train(CONFIG, tmp_path / "parts", observers=[stop])
    resumed = resume(tmp_path / "parts")
    assert (resumed.result.steps, resumed.evaluation) == (220, whole.evaluation)
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


def test_stopped_again_and_again(tmp_path: Path) -> None:
    train(CONFIG, tmp_path / "whole")
    stopped(CONFIG, tmp_path / "parts", 50)
    for _ in range(4):
        Interrupting.steps_made, Interrupting.presses_at = 0, 120
        assert resume(tmp_path / "parts").evaluation is None
        assert len(list((tmp_path / "parts").glob(CHECKPOINTS))) == 1
    Interrupting.presses_at = 0
    resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


KILLED = [
    "CartPole-v1 --num-envs 4 --vectorization native --prioritized --n-step 3",
    "LunarLander-v3 --num-envs 2 --vectorization async --dueling",
]


@pytest.mark.parametrize("arguments", KILLED)
def test_killed_at_any_moment(tmp_path: Path, arguments: str) -> None:
    settings = [
        *f"train {arguments} --total-steps 1500 --learning-starts 200 --hidden-sizes 16".split(),
        *["--learn-period", "4", "--selection-period", "600", "--selection-episodes", "1"],
        *["--eval-episodes", "1"],
        *["--checkpoint-period", "100", "--log-period", "100", "--no-video", "--output"],
    ]

    def start(*command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "dqn_fast", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(dqn_fast.__file__).parents[1]), "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    assert main([*settings, str(tmp_path / "whole")]) == 0
    process, kills, moments = start(*settings, "parts"), 0, random.Random(arguments)
    parts = tmp_path / "parts"
    while kills < 2:
        deadline, before = time.monotonic() + 60, latest(parts)
        while latest(parts) == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.1))  # somewhere behind a checkpoint, perhaps within the next
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
        if (parts / "result.json").exists():
            break  # it was killed behind its last step
        process = start("resume", "parts", "--no-video")
    said = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), said
    assert kills > 0
    assert numbers(parts) == numbers(tmp_path / "whole")


def latest(folder: Path) -> str:
    return max((path.name for path in folder.glob(CHECKPOINTS)), default="")


def test_an_environment_that_cannot_be_put_back_begins_anew_and_says_so(tmp_path: Path) -> None:
    config = replace(CONFIG, env_id="Forgetful-v0")
    whole = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dqn_fast.training.run.delete_checkpoints", lambda _: None)
        train(config, whole)
    assert len(list(whole.glob(CHECKPOINTS))) == 1
    (whole / "result.json").unlink()  # as if it had been killed just before its end
    with pytest.warns(UserWarning, match=r"does not repeat itself.*new episodes begin, and the run goes on"):
        run = resume(whole)
    assert run.result.steps == 600


def test_a_run_without_a_checkpoint_begins_again(tmp_path: Path) -> None:
    train(CONFIG, tmp_path / "whole")
    stopped(CONFIG, tmp_path / "parts", 250)
    for checkpoint in (tmp_path / "parts").glob(CHECKPOINTS):
        shutil.rmtree(checkpoint)
    resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


def test_nothing_to_resume(tmp_path: Path) -> None:
    train(CONFIG, tmp_path / "done")
    for folder, message in (
        ("done", ".*: got a complete run, expected one to go on with"),
        ("nowhere", "nowhere holds no run"),
    ):
        with pytest.raises(UsageError, match=message):
            resume(tmp_path / folder)
