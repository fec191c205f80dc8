"""The command `train` as a command line asks for it: its options by part, with a preset's defaults."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from dqn_fast.cli import runs
from dqn_fast.cli.help_text import read_like, with_fields
from dqn_fast.errors import SettingError
from dqn_fast.training.config import PARTS, TrainConfig
from dqn_fast.training.presets import PRESETS, preset_of
from dqn_fast.training.settings import EnvironmentSettings, Settings


def train_command(arguments: Sequence[str]) -> Callable[..., int]:
    """Return the command, whose defaults are the settings of the preset or file that a command line asks for.

    They must be known before the command line is parsed. So the environment, `--preset` and `--config` are
    looked for among all arguments.

    Args:
        arguments: the command line without the program's name.
    """
    known = {env_id for preset in PRESETS.values() for env_id in preset.env_ids}
    env_id = next((argument for argument in arguments if argument in known), None)
    name, file = _begins_with(arguments)
    default = _default(env_id, name, file)

    def train(settings: dict[str, Any], **options: Any) -> int:
        if name is None and file is None and default is not None and settings["env_id"] != default.env_id:
            got = f"none, for the environment {settings['env_id']} and the argument {default.env_id}"
            raise SettingError("preset", got, "the name of the one that is meant")
        return runs.train(TrainConfig(**settings), **options)

    return read_like(runs.train, train, settings=_by_part(default))


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
    """Return a part that accepts any value: tyro would hide the error that its constructor raises."""
    return type(part.__name__, (part,), {"__post_init__": lambda self: None, "__doc__": with_fields(part)})


def _of(kind: type[Settings], default: TrainConfig | None) -> Any:
    """Return the part of a configuration; without one, the part's own defaults, if it has them all."""
    if default is not None:
        return kind(**{field.name: getattr(default, field.name) for field in fields(kind)})
    return inspect.Parameter.empty if issubclass(kind, EnvironmentSettings) else kind()


def _default(env_id: str | None, name: str | None, file: str | None) -> TrainConfig | None:
    if file is not None:
        from dqn_fast.training.run_folder.model import read_config

        if name is not None:
            raise SettingError("config_file", "one beside --preset", "one of the two")
        try:
            config = read_config(Path(file))
        except FileNotFoundError as error:
            raise SettingError("config_file", file, f"a file ({error.strerror})") from error
        return replace(config, env_id=env_id) if env_id else config
    return None if env_id is None and name is None else preset_of(env_id, name)


def _begins_with(arguments: Sequence[str]) -> tuple[str | None, str | None]:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", nargs="?")  # without a name the real parser complains
    parser.add_argument("--config", nargs="?")
    found = parser.parse_known_args(list(arguments))[0]
    return found.preset, found.config
