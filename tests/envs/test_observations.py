"""A check accepts what keeps its value, and returns the bytes that the replay buffer stores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from envs.kinds import image
from gymnasium import spaces

from dqn_fast import ReplayBuffer
from dqn_fast.envs.errors import MisfitError
from dqn_fast.envs.observations import observation_check, without_tuples


def box(dtype: Any, *shape: int) -> spaces.Box:
    return spaces.Box(0, 1, shape, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64, np.bool_])
def test_what_fits_is_given_as_it_is(dtype: Any) -> None:
    obs = np.ones((2, 3), dtype)
    assert observation_check(box(dtype, 2, 3))(obs) is obs
    batch = np.ones((4, 2, 3), dtype)
    assert observation_check(box(dtype, 2, 3), (4,))(batch) is batch


@pytest.mark.parametrize(
    ("space", "value", "expected"),
    [
        (box(np.uint8, 2), [0, 255], np.array([0, 255], np.uint8)),
        (box(np.uint8, 2), (0.0, 255.0), np.array([0, 255], np.uint8)),
        (box(np.int8, 2), np.array([-128, 127]), np.array([-128, 127], np.int8)),
        (box(np.uint64, 1), [2**64 - 1], np.array([2**64 - 1], np.uint64)),
        (box(np.int64, 1), [float(-(2**62))], np.array([-(2**62)])),
        (box(np.float32, 2), [0.1, np.nan], np.array([0.1, np.nan], np.float32)),
        (box(np.float32, 2), np.array([1e-60, np.inf]), np.array([0, np.inf], np.float32)),
        (box(np.float32, 2), np.array([5, 2**24]), np.array([5, 2**24], np.float32)),
        (box(np.float32, 2), np.array([1, 2], ">f4"), np.array([1, 2], np.float32)),
        (box(np.float16, 1), [65504.0], np.array([65504], np.float16)),
        (box(np.bool_, 3), np.array([0, 1, 1], np.uint8), np.array([False, True, True])),
        (spaces.Discrete(3, start=-1), -1, np.int64(-1)),
        (spaces.Discrete(3), np.float32(2), np.int64(2)),
        (spaces.Discrete(3, dtype=np.uint8), 2, np.uint8(2)),
        (spaces.MultiBinary(2), [True, False], np.array([1, 0], np.int8)),
        (spaces.MultiDiscrete([2, 3], start=[4, 0]), (5, 2), np.array([5, 2])),
    ],
)
def test_what_keeps_its_value_is_converted(space: spaces.Space[Any], value: Any, expected: Any) -> None:
    given = observation_check(space)(value)
    assert image(given) == image(expected)
    buffer = ReplayBuffer(4, space, spaces.Discrete(2))
    buffer.add(given, 0, 0.0, given, True, False)
    assert buffer.sample(1).obs[0].tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("space", "value"),
    [
        (box(np.uint8, 1), [256]),
        (box(np.uint8, 1), [-1.0]),
        (box(np.uint8, 1), [0.5]),
        (box(np.int64, 1), [2.0**63]),
        (box(np.int64, 1), [-(2.0**63) * 2]),
        (box(np.int64, 1), [np.inf]),
        (box(np.int64, 1), np.array([2**63], np.uint64)),
        (box(np.uint64, 1), [2.0**64]),
        (box(np.uint64, 1), [-1]),
        (box(np.int32, 1), [2**70]),
        (box(np.float32, 1), [2**24 + 1]),
        (box(np.float32, 1), [1e39]),
        (box(np.float16, 1), np.array([65536], np.float32)),
        (box(np.bool_, 1), [2]),
        (box(np.bool_, 1), [0.5]),
        (box(np.bool_, 1), [np.nan]),
        (box(np.float32, 1), ["1"]),
        (box(np.float32, 1), [b"1"]),
        (box(np.float32, 1), np.array(["2020-01-01"], "M8[D]")),
        (box(np.float32, 2), {"a": 1}),
        (box(np.float32, 2), (1,)),
        (spaces.Discrete(3), 3),
        (spaces.Discrete(3), np.int64(3)),
        (spaces.Discrete(3), 2.5),
        (spaces.Discrete(3), None),
        (spaces.Discrete(3), 2**70),
        (spaces.MultiDiscrete([2, 3], start=[4, 0]), (3, 2)),
        (spaces.MultiDiscrete([2, 3]), (1, 3)),
    ],
)
def test_what_does_not_is_refused(space: spaces.Space[Any], value: Any) -> None:
    with pytest.raises(MisfitError, match=r"^observation: got [^\n]*, expected [^\n]*$"):
        observation_check(space)(value)


def test_errors_are_short() -> None:
    check = observation_check(spaces.Dict({"a.b": spaces.Dict({"image": box(np.uint8, 84, 84, 3)})}))
    with pytest.raises(MisfitError) as caught:
        check({"a.b": {"image": np.linspace(0, 1, 84 * 84 * 3).reshape(84, 84, 3)}})
    assert str(caught.value) == (
        "observation['a.b']['image']: got float64 of shape (84, 84, 3) from 0.0 to 1.0,"
        " expected values that fit uint8, as of Box(0, 1, (84, 84, 3), uint8)"
    )
    low = np.arange(50, dtype=np.float32)
    many = spaces.Box(low, low + 1)
    with pytest.raises(MisfitError) as caught:
        observation_check(many)(np.zeros(49))
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_spaces_without_tuples() -> None:
    inner = box(np.float32, 2)
    plain = spaces.Dict({"a": spaces.Dict({"b": inner})})
    assert without_tuples(plain) is plain
    mixed = spaces.Dict({"a": spaces.Tuple((inner, spaces.Tuple((inner,))))})
    expected = spaces.Dict({"a": spaces.Dict({"0": inner, "1": spaces.Dict({"0": inner})})})
    assert without_tuples(mixed) == expected


@pytest.mark.parametrize(
    ("space", "line"),
    [
        (spaces.Text(3), r"^observation_space: got Text.*, expected arrays, numbers, or a Dict or Tuple of"),
        (spaces.Tuple((spaces.Text(3),)), r"^observation_space\[0\]: got Text"),
        (
            spaces.Dict({"a": spaces.Dict({"b": spaces.Text(3)}), "c": box(bool)}),
            r"\['a'\]\['b'\].*; ignore_observation=\['a'\] leaves it out$",
        ),
        (spaces.Sequence(spaces.Discrete(2)), "^observation_space: got Sequence"),
        (spaces.Dict({"a": spaces.Graph(spaces.Discrete(2), None)}), r"\['a'\]: got Graph.* of them$"),
    ],
)
def test_spaces_without_arrays_are_named(space: spaces.Space[Any], line: str) -> None:
    with pytest.raises(TypeError, match=line):
        observation_check(space)


def text(tokens: list[int], length: int) -> dict[str, Any]:
    return {"tokens": np.array(tokens), "length": np.int64(length)}


@pytest.mark.parametrize("length", [spaces.Discrete(4), spaces.Box(0, 3, (), np.int64)])
@pytest.mark.parametrize(
    ("obs", "complaint"),
    [
        (text([1, 2, 7], 3), r"^observation\['tokens'\]: got "),
        (text([1, -1, 0], 3), r"^observation\['tokens'\]: got "),
        (text([1, 2, 0], 4), r"^observation\['length'\]: got "),
        (text([1, 2, 0], -1), r"^observation\['length'\]: got "),
    ],
)
def test_a_text_must_be_within_its_bounds(obs: Any, complaint: str, length: spaces.Space[Any]) -> None:
    """Any other Box may exceed them."""
    tokens = spaces.Box(0, 6, (3,), np.int64)
    check = observation_check(spaces.Dict({"tokens": tokens, "length": length}))
    fits = check(text([0, 6, 3], 2))
    assert (fits["tokens"].tolist(), int(fits["length"])) == ([0, 6, 3], 2)
    with pytest.raises(MisfitError, match=complaint):
        check(obs)
    alone = observation_check(spaces.Dict({"tokens": tokens}))
    assert alone({"tokens": np.array([9, 9, 9])})["tokens"].tolist() == [9, 9, 9]
