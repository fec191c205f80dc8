"""The command `train` as a command line asks for it: its options by part, with a preset's defaults."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Annotated, Any, get_type_hints

import tyro

from dqn_fast.cli import commands
from dqn_fast.errors import SettingError
from dqn_fast.training.config import PARTS, TrainConfig
from dqn_fast.training.presets import PRESETS, preset_of
from dqn_fast.training.settings import EnvironmentSettings, Settings


def train_command(arguments: Sequence[str]) -> Callable[..., int]:
    """Return the command, whose defaults are the settings of the preset that a command line asks for.

    They must be known before the command line is parsed. So the environment and `--preset` are looked for
    among all arguments.

    Args:
        arguments: the command line without the program's name.
    """
    known = {env_id for preset in PRESETS.values() for env_id in preset.env_ids}
    env_id = next((argument for argument in arguments if argument in known), None)
    name = _preset_name(arguments)
    default = None if env_id is None and name is None else preset_of(env_id, name)

    def command(config: dict[str, Any], **options: Any) -> int:
        if default is not None and name is None and config["env_id"] != default.env_id:
            got = f"none, for the environment {config['env_id']} and the argument {default.env_id}"
            raise SettingError("preset", got, "the name of the one that is meant")
        return commands.train(TrainConfig(**config), **options)

    # tyro reads what `commands.train` says, except for one type.
    hint = _by_part(default)
    signature = inspect.signature(commands.train)
    parameters = dict(signature.parameters)
    parameters["config"] = parameters["config"].replace(annotation=hint)
    command.__signature__ = signature.replace(parameters=list(parameters.values()))  # type: ignore[attr-defined]
    command.__annotations__ = {**get_type_hints(commands.train, include_extras=True), "config": hint}
    command.__doc__ = commands.train.__doc__
    return command


def _by_part(default: TrainConfig | None) -> Any:
    """Return a type for tyro: the settings of a configuration, with a group of options for each part."""

    def settings_of(**parts: Any) -> dict[str, Any]:
        return {name: value for part in parts.values() for name, value in vars(part).items()}

    kinds = {name: _unchecked(part) for name, part in PARTS.items()}
    settings_of.__annotations__ = dict(kinds)
    settings_of.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=_of(kind, default), annotation=kind
            )
            for name, kind in kinds.items()
        ]
    )
    return Annotated[Any, tyro.conf.arg(name="", constructor=settings_of), tyro.conf.OmitArgPrefixes]


def _unchecked(part: type[Settings]) -> type[Settings]:
    """Return a part that takes any value, for tyro, which hides what a constructor raises."""
    return type(part.__name__, (part,), {"__post_init__": lambda self: None, "__doc__": part.__doc__})


def _of(kind: type[Settings], default: TrainConfig | None) -> Any:
    """Return the part of a configuration; without one, the part's own defaults, if it has them all."""
    if default is not None:
        return kind(**{field.name: getattr(default, field.name) for field in fields(kind)})
    return inspect.Parameter.empty if issubclass(kind, EnvironmentSettings) else kind()


def _preset_name(arguments: Sequence[str]) -> str | None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", nargs="?")  # without a name the real parser complains
    name: str | None = parser.parse_known_args(list(arguments))[0].preset
    return name
