"""The trainer knows tasks by their ids, and imports nothing else of the package for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from tasks.writer.a_text import kwargs

import dqn_fast.tasks
from dqn_fast.envs import make_env
from dqn_fast.errors import UsageError

IDS = sorted(env_id for env_id in gym.registry if env_id.startswith("dqn_fast/"))


def test_there_are_tasks() -> None:
    assert "dqn_fast/TMaze-v0" in IDS
    assert dqn_fast.tasks.__name__ in str(gym.spec("dqn_fast/TMaze-v0").entry_point)


@pytest.mark.parametrize("env_id", IDS)
def test_each_can_be_made_and_played(env_id: str, tmp_path: Path) -> None:
    needed = kwargs(tmp_path) if env_id == "dqn_fast/Writer-v0" else {}
    env = make_env(env_id, env_kwargs=needed)
    env.reset(seed=0)
    for start in env.metadata.get("starts", []):
        env.reset(seed=0, options=start)
    env.step(0)
    env.close()


def test_the_trainer_needs_no_import_of_them() -> None:
    code = "from dqn_fast.envs import make_env; print(make_env('dqn_fast/TMaze-v0').spec.id)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "dqn_fast/TMaze-v0"


def test_an_unknown_one_is_one_line() -> None:
    with pytest.raises(UsageError, match="the environment 'dqn_fast/TMase-v0': Environment `TMase`"):
        make_env("dqn_fast/TMase-v0")
