"""Rules that stand at a setting's field, as in `Annotated[int, at_least(1)]`, and the check by them."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import numpy as np

from dqn_fast.errors import SettingError


class Rule(NamedTuple):
    """What a setting's value must be.

    Attributes:
        is_valid: returns whether a value is; it may raise a TypeError for one of another kind.
        expected: the same in words, as an error says it.
    """

    is_valid: Callable[[Any], bool]
    expected: str


def at_least(least: int, unit: str = "") -> Rule:
    """Return the rule of a count: `least` or more of a unit."""
    return Rule(lambda value: value >= least, f"at least {least}" + (f" {unit}" if unit else ""))


A_NAME = Rule(lambda value: isinstance(value, str) and value != "", "a name such as CartPole-v1")
A_NAME_OR_NONE = Rule(
    lambda value: value is None or (isinstance(value, str) and value != ""),
    "a Minari id, a FILE.dqn, or scripted",
)
A_SEED = Rule(lambda value: 0 <= value < 2**63, "at least 0 and below 2**63")
A_NETWORK = Rule(
    lambda value: isinstance(value, str) and value != "", "a name, or a class of yours as module:Class"
)
A_BODY = Rule(
    lambda value: isinstance(value, str) and (value == "" or re.fullmatch(r"hf:.+", value) is not None),
    "hf:FOLDER or hf:NAME of a BERT, GPT-2 or XLNet",
)
A_DEVICE = Rule(
    lambda value: re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", value) is not None,
    "auto, cpu, cuda, cuda:1 (and so on) or mps",
)
PATHS = Rule(
    lambda value: isinstance(value, tuple) and all(isinstance(path, str) and path for path in value),
    "folders of rated runs, or files of ratings",
)
A_FOLDER = Rule(lambda value: isinstance(value, str), "a folder of a run")
A_CLUSTER = Rule(lambda value: isinstance(value, str) and value != "", "local, auto or HOST:PORT")
A_PRESET = Rule(lambda value: isinstance(value, str), "the name of a preset")
A_REFERENCE = Rule(lambda value: isinstance(value, str), "a function of yours as module:name")
KEYS = Rule(
    lambda value: isinstance(value, tuple) and all(isinstance(key, str) for key in value),
    "keys of a dict observation",
)
A_PERIOD_OR_NONE = Rule(lambda value: value >= 0, "at least 1 environment step, or 0 for none")
A_COUNT_OR_NONE = Rule(lambda value: value is None or (type(value) is int and value >= 0), "at least 0")
A_NUMBER_OF_THREADS = Rule(lambda value: 1 <= value <= 4096, "from 1 to 4096")
LAYER_SIZES = Rule(
    lambda value: isinstance(value, tuple) and all(type(size) is int and size >= 1 for size in value),
    "sizes of at least 1",
)
POSITIVE = Rule(lambda value: 0 < value < math.inf, "above 0 and finite")
NOT_NEGATIVE = Rule(lambda value: 0 <= value < math.inf, "at least 0 and finite")
NOT_NEGATIVE_OR_NONE = Rule(lambda value: value is None or 0 <= value < math.inf, "at least 0 and finite")
A_SHARE = Rule(lambda value: 0 <= value <= 1, "from 0 to 1")
A_SHARE_BELOW_1 = Rule(lambda value: 0 <= value < 1, "at least 0 and below 1")
A_SHARE_WITHIN = Rule(lambda value: 0 < value < 1, "above 0 and below 1")
A_SHARE_ABOVE_0 = Rule(lambda value: 0 < value <= 1, "above 0 and at most 1")
A_NORM = Rule(lambda value: value > 0, "above 0, or inf")
A_ZETA_EXPONENT = Rule(lambda value: value == 0 or 1 < value < math.inf, "0, or above 1 and finite")

KEYWORDS = Rule(
    lambda value: isinstance(value, dict) and all(map(str.isidentifier, value)) and _is_json(value),
    "names with values that JSON can hold",
)

_INTEGER = Rule(lambda value: type(value) is int, "an integer")
_SWITCH = Rule(lambda value: type(value) is bool, "True or False")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A part of a configuration; a value that breaks its field's rule is refused.

    Raises:
        SettingError: if a value is outside its range.
    """

    def __post_init__(self) -> None:
        for name, rules in rules_of(type(self)).items():  # type: ignore[arg-type]  # takes __hash__ for the class's
            value = _plain(getattr(self, name))
            object.__setattr__(self, name, value)
            for rule in rules:
                if not _holds(rule, value):
                    raise SettingError(name, repr(value), rule.expected)


@functools.cache
def rules_of(part: type[Settings]) -> dict[str, list[Rule]]:
    """Return the rules of each field: those of its type, then the one that stands at it."""
    hints = get_type_hints(part, include_extras=True)
    return {field.name: _rules(hints[field.name]) for field in fields(part)}


def _rules(hint: Any) -> list[Rule]:
    kind, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    rules = [one for one in extras if isinstance(one, Rule)]
    if kind is int:
        return [_INTEGER, *rules]
    if kind is bool:
        return [_SWITCH]
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return [Rule(lambda value: value in choices, f"one of {', '.join(choices)}")]
    return rules


def _holds(rule: Rule, value: Any) -> bool:
    if isinstance(value, bool) and rule is not _SWITCH:
        return False
    try:
        return rule.is_valid(value)
    except TypeError:  # a string, or a scalar where a tuple is expected
        return False


def _plain(value: Any, sequence: type[tuple[Any, ...] | list[Any]] = tuple) -> Any:
    """Return NumPy's numbers as Python's, and sequences as tuples; in a dict as lists, which JSON knows."""
    if isinstance(value, tuple | list):
        return sequence(_plain(one, sequence) for one in value)
    if isinstance(value, dict):
        return {name: _plain(one, list) for name, one in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):  # an object, a number that is not finite, a circle
        return False
