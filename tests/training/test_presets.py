"""Presets are valid, found by environment or by name, and are defaults of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tasks.writer.a_text import kwargs

from dqn_fast.cli.train_command import train_command
from dqn_fast.envs import make_env
from dqn_fast.training import TrainConfig, UsageError
from dqn_fast.training.presets import PRESETS, preset_of


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_for_environments_that_exist_and_fits_them(name: str, tmp_path: Path) -> None:
    for env_id in PRESETS[name].env_ids:
        config = preset_of(env_id, name)
        assert (config.env_id, config.seed) == (env_id, 0)
        needed = kwargs(tmp_path) if env_id == "dqn_fast/Writer-v0" else {}
        env = make_env(env_id, rescale=config.rescale, env_kwargs=needed)
        shape = env.observation_space.shape
        assert config.frame_stack == 1 or (shape is not None and shape[0] % config.frame_stack == 0)
        env.close()


def test_by_environment_or_by_name() -> None:
    assert preset_of("LunarLander-v3").total_steps == 100_000
    assert preset_of("MinAtar/Breakout-v0").prioritized
    assert not preset_of("MinAtar/Breakout-v0", "minatar-dqn").prioritized
    assert preset_of(None, "minatar-dqn").env_id in PRESETS["minatar-dqn"].env_ids
    assert preset_of("MinAtar/Asterix-v0") == preset_of("MinAtar/Asterix-v0", "minatar-dqn")
    assert preset_of("Unknown-v0") == TrainConfig("Unknown-v0")
    with pytest.raises(UsageError, match=r"^preset: got chess, expected one of cartpole, "):
        preset_of("CartPole-v1", "chess")


def trained(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> TrainConfig:
    """The configuration that a command line leads to."""
    import tyro

    seen: list[TrainConfig] = []

    def train_run(config: TrainConfig, *_: Any, **__: Any) -> Any:
        seen.append(config)
        raise UsageError("seen")

    monkeypatch.setattr("dqn_fast.training.run.train", train_run)
    with pytest.raises(UsageError, match="seen"):
        tyro.cli(train_command(arguments), args=list(arguments[1:]))
    return seen[0]


def test_the_command_line_begins_with_the_preset_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trained(monkeypatch, "train", "LunarLander-v3") == preset_of("LunarLander-v3")
    changed = trained(monkeypatch, "train", "--batch-size", "7", "LunarLander-v3", "--seed", "3")
    assert (changed.batch_size, changed.seed, changed.total_steps) == (7, 3, 100_000)
    assert trained(monkeypatch, "train", "Taxi-v3") == TrainConfig("Taxi-v3")


def test_a_preset_by_name_is_for_any_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in (["--preset", "lunar-lander"], ["--preset=lunar-lander"]):
        config = trained(monkeypatch, "train", "CartPole-v1", *option)
        assert config == preset_of("CartPole-v1", "lunar-lander")
        assert trained(monkeypatch, "train", "Taxi-v3", *option) == preset_of("Taxi-v3", "lunar-lander")


def test_the_name_of_another_environment_among_the_arguments_is_no_preset() -> None:
    arguments = ["train", "Taxi-v3", "--output", "LunarLander-v3"]
    with pytest.raises(
        UsageError, match=r"^preset: got none, for .* Taxi-v3 and .* LunarLander-v3, expected"
    ):
        train_command(arguments)({"env_id": "Taxi-v3"})
