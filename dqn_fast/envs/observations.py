"""Checks of observations against their space.

A check is compiled once from a space. It accepts what the replay buffer accepts, by the buffer's own
conversion, and integers of any type. So a policy sees what the buffer stores, in training and afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gymnasium import spaces

from dqn_fast.envs.arrays import array_check, brief, one_line
from dqn_fast.envs.errors import MisfitError
from dqn_fast.observation_keys import LENGTH, TOKENS

Check = Callable[[Any], Any]


def observation_check(
    space: spaces.Space[Any], leading: tuple[int, ...] = (), name: str = "observation"
) -> Check:
    """Return a function that converts an observation to what its space describes; usually it is that already.

    Keys and shape must be those of the space. Another dtype is converted if that keeps the values; floats may
    be rounded to a narrower dtype. Discrete values must be in their range, and so must a text's tokens and
    length. The bounds of any other Box are not checked, since environments exceed them. A tuple becomes a
    dict, with the keys of `without_tuples`. Anything else raises a `MisfitError`.

    Args:
        space: of one observation.
        leading: shape before the space's own: `(N,)` for batches of N.
        name: of the observation, for errors.

    Raises:
        TypeError: if a part of the space has neither arrays nor numbers; the message names the part.
    """
    refuse_unusable(space)
    if not isinstance(space, spaces.Dict) or not {TOKENS, LENGTH} <= space.keys():
        return _check(space, leading, name)
    checks = {key: _check(part, leading, f"{name}[{key!r}]") for key, part in space.items()}
    for key in (TOKENS, LENGTH):
        if isinstance(part := space[key], spaces.Box):
            checks[key] = _range_check(checks[key], f"{name}[{key!r}]", part, part.low, part.high)
    return _dict_check(checks, name)


def without_tuples(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """Return the space with a Dict for each Tuple in it, with the keys "0", "1" and so on."""
    if isinstance(space, spaces.Tuple):
        return spaces.Dict({str(index): without_tuples(part) for index, part in enumerate(space.spaces)})
    if isinstance(space, spaces.Dict) and any(without_tuples(part) is not part for part in space.values()):
        return spaces.Dict({key: without_tuples(part) for key, part in space.items()})
    return space


def refuse_unusable(space: spaces.Space[Any]) -> None:
    """Refuse a space with a part that has neither arrays nor numbers.

    Raises:
        TypeError: if there is such a part; the message says how to leave it out.
    """
    for name, part in _unusable(space, "observation_space"):
        unusable = [key for key, child in _parts(space) if any(_unusable(child, ""))]
        advice = f"; ignore_observation={[str(key) for key in unusable]} leaves it out"
        raise TypeError(
            f"{name}: got {one_line(part)}, expected arrays, numbers, or a Dict or Tuple of them"
            f"{advice if 0 < len(unusable) < len(list(_parts(space))) else ''}"
        )


def _unusable(space: spaces.Space[Any], name: str) -> Iterator[tuple[str, spaces.Space[Any]]]:
    if isinstance(space, spaces.Dict | spaces.Tuple):
        for key, part in _parts(space):
            yield from _unusable(part, f"{name}[{key!r}]")
    elif space.shape is None or space.dtype is None:
        yield name, space


def _parts(space: spaces.Space[Any]) -> Iterable[tuple[Any, spaces.Space[Any]]]:
    if isinstance(space, spaces.Dict):
        return space.items()
    return enumerate(space.spaces) if isinstance(space, spaces.Tuple) else ()


def _check(space: spaces.Space[Any], leading: tuple[int, ...], name: str) -> Check:
    if isinstance(space, spaces.Dict):
        return _dict_check(
            {key: _check(part, leading, f"{name}[{key!r}]") for key, part in space.items()}, name
        )
    if isinstance(space, spaces.Tuple):
        return _tuple_check(
            [_check(part, leading, f"{name}[{i}]") for i, part in enumerate(space.spaces)], name
        )
    assert space.dtype is not None and space.shape is not None, "refuse_unusable"
    check = array_check(name, space.dtype, leading + space.shape, str(space))
    if isinstance(space, spaces.Discrete):
        low, high = int(space.start), int(space.start) + int(space.n) - 1
        check = _range_check(check, name, space, low, high)
        return check if leading else _number_check(check, space.dtype.type, low, high)
    if isinstance(space, spaces.MultiDiscrete):
        return _range_check(check, name, space, space.start, space.start + space.nvec - 1)
    return check


def _dict_check(checks: Mapping[str, Check], name: str) -> Check:
    keys = checks.keys()

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise MisfitError(f"{name}: got {brief(value)}, expected a dict with the keys {sorted(keys)}")
        if value.keys() != keys:
            raise MisfitError(f"{name}: got the keys {sorted(value, key=str)}, expected {sorted(keys)}")
        return {key: part(value[key]) for key, part in checks.items()}

    return check


def _tuple_check(checks: list[Check], name: str) -> Check:
    keys = [str(index) for index in range(len(checks))]

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, tuple | list) or len(value) != len(checks):
            raise MisfitError(f"{name}: got {brief(value)}, expected a tuple of {len(checks)}")
        return {key: part(child) for key, part, child in zip(keys, checks, value, strict=True)}

    return check


def _range_check(convert: Check, name: str, space: spaces.Space[Any], low: Any, high: Any) -> Check:
    def check(value: Any) -> Any:
        array = convert(value)
        if not ((array >= low) & (array <= high)).all():
            raise MisfitError(f"{name}: got {brief(value)}, expected values of {one_line(space)}")
        return array

    return check


def _number_check(check_array: Check, kind: Callable[[Any], Any], low: int, high: int) -> Check:
    """Return a check of a single Discrete value that does not make an array of an int, the usual case."""

    def check(value: Any) -> Any:
        if (type(value) is int or type(value) is kind) and low <= value <= high:
            return kind(value)
        return check_array(value)[()]

    return check
