"""Keyword arguments on the command line: KEY=VALUE, with a value of JSON, or else text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tyro.constructors import PrimitiveConstructorSpec


def keywords_of(pairs: Sequence[str]) -> dict[str, Any]:
    """Return the arguments that words such as `size=8`, `slippery=false` and `map_name=8x8` give.

    Raises:
        ValueError: if a word is not KEY=VALUE, or gives a key a second time.
    """
    result: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (equals and key.isidentifier()):
            raise ValueError(f"argument: got {pair!r}, expected KEY=VALUE")
        if key in result:
            raise ValueError(f"{key}: got it twice, expected one value")
        result[key] = _value(value)
    return result


def words_of(keywords: dict[str, Any]) -> list[str]:
    """Return the words that `keywords_of` reads as these arguments."""
    return [f"{key}={_text(value)}" for key, value in keywords.items()]


#: For tyro: how a setting of keyword arguments is read and shown.
ON_COMMAND_LINE = PrimitiveConstructorSpec(
    nargs="*",
    metavar="KEY=VALUE ...",
    instance_from_str=keywords_of,
    is_instance=lambda value: isinstance(value, dict),
    str_from_instance=words_of,
)


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _text(value: Any) -> str:
    """Return a string as it is, unless it would be read as something else."""
    return value if isinstance(value, str) and _value(value) == value else json.dumps(value)


def _refuse(name: str) -> Any:
    raise ValueError(f"constant: got {name}, expected one that JSON has")
