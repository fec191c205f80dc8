"""Settings of environments reach those of the training, and those of evaluations and videos."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.short import short

from dqn_fast.cli import main
from dqn_fast.training import UsageError
from dqn_fast.training.parts.envs import build_env, build_environments


@pytest.mark.parametrize("vectorization", ["sync", "async", "native"])
def test_arguments_reach_every_environment(vectorization: Any) -> None:
    """With this argument the reward is 0 until the pole falls, and then -1."""
    config = short("CartPole-v1", 200, vectorization=vectorization, env_kwargs={"sutton_barto_reward": True})
    with closing(build_environments(config)) as environments, closing(build_env(config)) as env:
        environments.reset()
        env.reset(seed=0)
        assert environments.step(np.array([0])).reward.tolist() == [0.0]
        assert env.step(0)[1] == 0.0


def test_a_render_mode_of_ones_own_does_not_keep_videos_away() -> None:
    config = short("CartPole-v1", 200, env_kwargs={"render_mode": "human"})
    with closing(build_env(config, "rgb_array")) as env:
        env.reset()
        assert env.render().shape == (400, 600, 3)  # type: ignore[union-attr]


def test_they_are_given_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["map_name=8x8", "is_slippery=false"]
    length = ["--total-steps", "200", "--learning-starts", "100", "--eval-episodes", "2"]
    out = ["--no-video", "--output", str(tmp_path / "run")]
    assert main(["train", "FrozenLake-v1", "--env-kwargs", *words, *length, *out]) == 0
    said = json.loads((tmp_path / "run" / "config.json").read_text())["env_kwargs"]
    assert said == {"map_name": "8x8", "is_slippery": False}
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().out.startswith("return ")
    assert main(["train", "FrozenLake-v1", "--env-kwargs", "size=8", *length, *out[:2], "elsewhere"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("dqn-fast: cannot make the environment 'FrozenLake-v1': ")
    assert (err.count("\n"), "'size'" in err) == (1, True)


def test_a_wrapper_of_ones_own_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_wrappers.py").write_text(
        "from gymnasium.wrappers import TimeLimit\n\n\ndef short(env):\n    return TimeLimit(env, 3)\n\n\n"
        "def broken(env):\n    return env.nothing\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for vectorization in ("sync", "async"):
        config = short("CartPole-v1", 200, wrapper="my_wrappers:short", vectorization=vectorization)
        with closing(build_environments(config)) as environments, closing(build_env(config)) as env:
            environments.reset()
            env.reset(seed=0)
            steps = [(environments.step(np.array([0])).truncated[0], env.step(0)[3]) for _ in range(3)]
            assert steps == [(False, False), (False, False), (True, True)]
    for name, line in (
        ("my_wrappers:none", "wrapper: got 'my_wrappers:none', expected a name in a module: "),
        ("my_wrappers:broken", r"wrapper: my_wrappers:broken raised AttributeError: .*line 9\)"),
    ):
        with pytest.raises(UsageError, match=f"^{line}"):
            build_env(short("CartPole-v1", 200, wrapper=name))
