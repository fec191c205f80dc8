"""Arguments before they are parsed: whole numbers as people write them, and options that do not exist."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from dqn_fast.cli.commands import COMMANDS
from dqn_fast.cli.runs import train
from dqn_fast.errors import UsageError
from dqn_fast.training.config import TrainConfig

# What other libraries call it: Stable-Baselines3, CleanRL and papers.
_ELSEWHERE = {
    "total-timesteps": "total-steps",
    "timesteps": "total-steps",
    "buffer-size": "capacity",
    "memory-size": "capacity",
    "exploration-fraction": "epsilon-decay",
    "exploration-final-eps": "epsilon-end",
    "train-freq": "learn-period",
    "train-frequency": "learn-period",
    "gradient-steps": "learn-updates",
    "target-update-interval": "target-update-period",
    "target-network-frequency": "target-update-period",
    "start-e": "epsilon-begin",
    "end-e": "epsilon-end",
    "discount": "gamma",
}
_ODD = {"env_id": "ENV_ID", "from_folder": "--from", "config_file": "--config"}
_NO_OPTIONS = ("settings", "return", "folder", "folders")
_NUMBER = re.compile(r"\d+(\.\d+)?[eE]\+?\d+")
_MOST = 3  # suggestions


def option(name: str) -> str:
    """Return what a setting or an argument of a command is called on the command line."""
    return _ODD.get(name) or f"--{name.replace('_', '-')}"


def in_options(text: str) -> str:
    """Return a message with options in place of the names of settings that have two words or more."""
    return re.sub(
        r"\b[a-z]+(_[a-z]+)+\b", lambda word: option(word[0]) if word[0] in _hints("train") else word[0], text
    )


def with_whole_numbers(arguments: Sequence[str]) -> list[str]:
    """Return a command line with 1000000 in place of 1e6 wherever an option takes an integer."""
    hints = _hints(arguments[0]) if arguments else {}
    integers = {option(name) for name, hint in hints.items() if int in (hint, *get_args(hint))}
    result: list[str] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and _as_option(name) in integers:
            result.append(f"{name}={_whole(value)}")
        else:
            result.append(_whole(argument) if result and _as_option(result[-1]) in integers else argument)
    return result


def refuse_unknown_options(arguments: Sequence[str]) -> None:
    """Refuse an option that the command of a command line does not have.

    Raises:
        UsageError: if there is one; the options that may be meant are named.
    """
    command = arguments[0] if arguments else ""
    hints = _hints(command)
    known = [option(name).removeprefix("--") for name in hints]
    taken = {"--help", *(f"--{name}" for name in known), *(f"--no-{name}" for name in known)}
    for argument in arguments if hints else ():
        name = _as_option(argument.partition("=")[0])
        if name.startswith("--") and name not in taken:
            meant = [f"--{one}" for one in near_misses(name.removeprefix("--"), known)]
            expected = " or ".join(meant) or f"one that `dqn-fast {command} --help` lists"
            raise UsageError(f"{name}: got an option that {command} does not have, expected {expected}")


def near_misses(word: str, known: Sequence[str]) -> list[str]:
    """Return the names of options that a word may mean, the likeliest first.

    In this order: our name for another library's option; options with these initials, such as learning-rate
    for lr; options that contain the word; options that are spelt alike.
    """
    if _ELSEWHERE.get(word) in known:
        return [_ELSEWHERE[word]]
    initials = [name for name in known if "".join(part[:1] for part in name.split("-")) == word]
    parts = [name for name in known if f"-{word}-" in f"-{name}-"]
    alike = difflib.get_close_matches(word, known, n=_MOST, cutoff=0.7)
    return (initials or parts or alike)[:_MOST]


def _as_option(argument: str) -> str:
    return argument.replace("_", "-") if argument.startswith("--") else argument


def _whole(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text)
    return str(int(number)) if number == int(number) else text


@functools.cache
def _hints(command: str) -> dict[str, Any]:
    """Return the type of each option of a command by its name in Python; none for an unknown command."""
    if command == "train":
        settings = get_type_hints(TrainConfig)
        return {**{field.name: settings[field.name] for field in fields(TrainConfig)}, **_hints_of(train)}
    return _hints_of(COMMANDS[command]) if command in COMMANDS else {}


def _hints_of(function: Callable[..., int]) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(function).items() if name not in _NO_OPTIONS}
