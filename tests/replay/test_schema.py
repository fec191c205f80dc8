"""Shapes and dtypes: what the first step fixes, what a space fixes, and what is converted later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dqn_fast import ReplayBuffer


def after_first(obs: Any, action: Any = 0, reward: Any = 0.0, **options: Any) -> tuple[Any, Any]:
    """A buffer with one transition, and a batch of it."""
    buffer = ReplayBuffer(8, seed=0, **options)
    buffer.add(obs, action, reward, obs, False)
    return buffer, buffer.sample(1)


@pytest.mark.parametrize(
    ("obs", "dtype", "shape"),
    [
        (0.5, "float32", ()),
        (3, "int64", ()),
        ([0.5, 1.0], "float32", (2,)),
        ([1, 2], "int64", (2,)),
        ([[1, 2.5]], "float32", (1, 2)),
        (np.float64(0.5), "float64", ()),
        (np.uint8(3), "uint8", ()),
        (np.zeros((2, 3)), "float64", (2, 3)),
        (np.zeros((2, 3), np.float16), "float16", (2, 3)),
        (np.zeros(2, np.int8), "int8", (2,)),
        (np.zeros(2, bool), "bool", (2,)),
    ],
)
def test_the_first_step_fixes_shape_and_dtype(obs: Any, dtype: str, shape: tuple[int, ...]) -> None:
    _, batch = after_first(obs)
    assert (batch.obs.dtype, batch.obs.shape) == (np.dtype(dtype), (1, *shape))
    assert (batch.next_obs.dtype, batch.next_obs.shape) == (np.dtype(dtype), (1, *shape))


@pytest.mark.parametrize(
    ("action", "dtype"),
    [(1, "int64"), (np.int32(1), "int32"), (0.5, "float32"), (np.zeros(2, "uint8"), "uint8")],
)
def test_an_action_keeps_its_dtype(action: Any, dtype: str) -> None:
    assert after_first(0.0, action)[1].action.dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    ("reward", "dtype"),
    [
        (1.0, "float32"),
        (1, "float32"),
        (np.float64(1), "float32"),
        (np.float32(1), "float32"),
        (np.asarray(1.0), "float64"),
        (np.asarray(1), "float32"),
        (np.asarray(1.0, np.float16), "float32"),
        (True, "float32"),
    ],
)
def test_the_reward_is_float32_unless_it_comes_as_a_float64_array(reward: Any, dtype: str) -> None:
    batch = after_first(0.0, 0, reward)[1]
    assert (batch.reward.dtype, batch.discount.dtype) == (np.dtype(dtype), np.dtype(dtype))
    assert batch.reward.tolist() == [1]


def test_memory_is_taken_when_the_shapes_are_known() -> None:
    buffer = ReplayBuffer(1000)
    assert buffer.nbytes == 0
    buffer.add(np.zeros(100), 0, 0.0, np.zeros(100), False)
    assert 800_000 < buffer.nbytes < 2_000_000


def test_stats_of_a_buffer_without_shapes_are_zeros() -> None:
    buffer = ReplayBuffer(1000)
    for name in ("size", "added", "evicted", "evicted_early", "segments", "stale_updates"):
        assert buffer.stats()[name] == 0
    assert (len(buffer), buffer.is_full(), buffer.is_valid()) == (0, False, True)
    buffer.clear()


@pytest.mark.parametrize(
    ("kept", "given"),
    [
        ("float32", 0.5),
        ("float32", 1),
        ("float32", np.float64(0.5)),
        ("float32", np.float16(0.5)),
        ("float32", np.int64(3)),
        ("float64", np.float32(0.5)),
        ("float64", 1),
        ("int64", np.int8(-3)),
        ("int64", np.uint8(200)),
        ("uint8", 200),
        ("uint8", np.int64(200)),
        ("int8", np.int64(-128)),
        ("bool", np.bool_(True)),
        ("bool", True),
    ],
)
def test_later_values_are_converted_if_nothing_is_lost(kept: str, given: Any) -> None:
    buffer, _ = after_first(np.zeros((), kept))
    buffer.clear()
    buffer.add(given, 0, 0.0, given, False)
    batch = buffer.sample(1)
    assert (batch.obs.dtype, batch.obs[0]) == (np.dtype(kept), given)


@pytest.mark.parametrize(
    ("kept", "given"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", np.int64(256)),
        ("int8", np.int64(128)),
        ("int64", np.uint64(2**63)),
        ("int64", 0.5),
        ("int64", np.float32(0.5)),
        ("bool", 2),
        ("bool", 0.5),
        ("float32", 1j),
        ("float32", "1"),
    ],
)
def test_what_would_wrap_or_lose_a_fraction_or_change_kind_is_refused(kept: str, given: Any) -> None:
    buffer, _ = after_first(np.zeros((), kept))
    with pytest.raises(TypeError, match=r"obs: got .*expected"):
        buffer.add(given, 0, 0.0, given, False)
    assert len(buffer) == 1


def test_a_float64_may_be_rounded_to_float32() -> None:
    buffer, _ = after_first(np.zeros((), "float32"))
    buffer.clear()
    buffer.add(0.1, 0, 0.1, 0.1, False)
    batch = buffer.sample(1)
    assert batch.obs[0] == np.float32(0.1)
    assert batch.reward[0] == np.float32(0.1)


@pytest.mark.parametrize("layout", ["Fortran order", "every second element", "reversed", "not writable"])
def test_any_memory_layout_is_taken(layout: str) -> None:
    plain = np.arange(12, dtype=np.float32).reshape(3, 4)
    obs = {
        "Fortran order": np.asfortranarray(plain),
        "every second element": np.repeat(plain, 2, axis=1)[:, ::2],
        "reversed": plain[::-1, ::-1].copy()[::-1, ::-1],
        "not writable": plain.copy(),
    }[layout]
    obs.flags.writeable = False
    buffer = ReplayBuffer(8, seed=0)
    buffer.add(obs, 0, 0.0, obs, False)
    buffer.add(plain, 0, 0.0, plain + 1, False)
    assert buffer.stats()["segments"] == 1
    batch = buffer.sample(8)
    np.testing.assert_array_equal(batch.obs, np.broadcast_to(plain, (8, 3, 4)))


def test_the_other_byte_order_is_the_same_number() -> None:
    buffer, _ = after_first(np.arange(3, dtype=">f4"))
    buffer.add(np.arange(3, dtype="<f4"), 0, 0.0, np.arange(3, dtype=">f4"), False)
    assert buffer.sample(1).obs.tolist() == [[0, 1, 2]]
    assert buffer.stats()["segments"] == 1


def test_a_space_s_dtype_wins() -> None:
    spaces = pytest.importorskip("gymnasium.spaces")
    box = spaces.Box(-1, 1, (2, 2), np.float32)
    buffer = ReplayBuffer(8, box, spaces.Discrete(4), seed=0)
    assert buffer.nbytes > 0
    assert buffer.empty_batch(3).obs.shape == (3, 2, 2)
    buffer.add(np.zeros((2, 2)), np.int8(3), 0.0, np.ones((2, 2)), False)
    batch = buffer.sample(1)
    assert (batch.obs.dtype, batch.action.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize("name", ["MultiBinary", "MultiDiscrete", "Discrete", "Box"])
def test_the_spaces_of_gymnasium_are_understood(name: str) -> None:
    spaces = pytest.importorskip("gymnasium.spaces")
    space = {
        "MultiBinary": lambda: spaces.MultiBinary((2, 3)),
        "MultiDiscrete": lambda: spaces.MultiDiscrete([3, 4]),
        "Discrete": lambda: spaces.Discrete(5),
        "Box": lambda: spaces.Box(0, 255, (3, 20, 20), np.uint8),
    }[name]()
    buffer = ReplayBuffer(8, space, space, seed=0)
    values = [space.sample() for _ in range(3)]
    buffer.add(values[0], values[1], 0.0, values[2], False)
    batch = buffer.sample(1)
    for got, expected in zip((batch.obs, batch.action, batch.next_obs), values, strict=True):
        assert (got.dtype, got.shape) == (space.dtype, (1, *space.shape))
        np.testing.assert_array_equal(got[0], expected)
