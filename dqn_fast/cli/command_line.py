"""The commands by name, and the defaults that a preset gives to one of them."""

from __future__ import annotations

import argparse
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from dqn_fast.cli import commands
from dqn_fast.errors import UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.presets import PRESETS, preset_of


def commands_for(arguments: Sequence[str]) -> dict[str, Callable[..., int]]:
    """Return the commands, with the defaults that a command line asks for."""
    return {
        "train": _train(arguments),
        "evaluate": commands.evaluate,
        "resume": commands.resume,
        "presets": commands.presets,
        "table": commands.table,
        "video": commands.video,
    }


def _train(arguments: Sequence[str]) -> Callable[..., int]:
    # The settings of a preset are defaults, so they must be known before the command line is parsed: the
    # environment is looked for among all arguments, and `--preset` likewise.
    known = {env_id for preset in PRESETS.values() for env_id in preset.env_ids}
    env_id = next((argument for argument in arguments if argument in known), None)
    name = _preset_name(arguments)
    if env_id is None and name is None:
        return commands.train
    default = preset_of(env_id, name)

    @functools.wraps(commands.train)
    def command(config: TrainConfig, **options: Any) -> int:
        if name is None and config.env_id != default.env_id:
            raise UsageError(
                f"cannot tell the preset: {config.env_id} is the environment, and {default.env_id}"
                " is an argument, too; name one by --preset"
            )
        return commands.train(config, **options)

    signature = inspect.signature(commands.train)
    parameters = dict(signature.parameters)
    parameters["config"] = parameters["config"].replace(default=default)
    command.__signature__ = signature.replace(parameters=list(parameters.values()))  # type: ignore[attr-defined]
    return command


def _preset_name(arguments: Sequence[str]) -> str | None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", nargs="?")  # without a name the real parser complains
    name: str | None = parser.parse_known_args(list(arguments))[0].preset
    return name
