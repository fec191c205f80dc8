"""Numbers as environments and agents give them are stored as exactly as their fields allow."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from dqn_fast import ReplayBuffer
from dqn_fast.replay.schema import StepSchema

OBS = np.zeros(2, np.float32)


def rewards(dtype: str, values: list[Any]) -> list[float]:
    buffer = ReplayBuffer(len(values) + 1, seed=0)
    buffer.add(OBS, 0, np.zeros((), dtype), OBS, False)
    for value in values:
        buffer.add(OBS, 0, value, OBS, False)
    found = buffer.transitions().reward
    assert found.dtype == dtype
    result: list[float] = found[1:].tolist()
    return result


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "kind", [float, int, bool, np.float16, np.float32, np.float64, np.int8, np.int64, np.bool_]
)
def test_every_kind_of_number_can_be_a_reward(dtype: str, kind: Any) -> None:
    assert rewards(dtype, [kind(1), kind(0)]) == [1.0, 0.0]


@pytest.mark.parametrize(("dtype", "bits"), [("float32", 24), ("float64", 53)])
def test_integers_are_taken_as_far_as_they_fit(dtype: str, bits: int) -> None:
    exact = [2**bits, -(2**bits), 2**bits - 1, 2 ** (bits + 1)]
    assert rewards(dtype, exact) == exact
    for lost in (2**bits + 1, -(2**bits) - 1):
        with pytest.raises(TypeError, match="reward: got"):
            rewards(dtype, [lost])


def test_floats_are_rounded_but_never_become_infinite() -> None:
    assert rewards("float32", [0.1, np.float16(0.1)]) == [float(np.float32(0.1)), float(np.float16(0.1))]
    assert np.isnan(rewards("float32", [np.float32("nan")])).all()
    assert rewards("float32", [np.float32("inf")]) == [float("inf")]
    with pytest.raises(TypeError, match="reward: got"):
        rewards("float32", [1e39])


@pytest.mark.parametrize("pickled", [False, True])
def test_float64_and_unpickled_arrays_do_not_leave_the_core(
    monkeypatch: pytest.MonkeyPatch, pickled: bool
) -> None:
    """Gymnasium's vector environments give both, and converting them in Python is 100 times slower."""
    space = type("Box", (), {"shape": (2,), "dtype": np.dtype(np.float32)})()
    action = type("Discrete", (), {"shape": (), "dtype": np.dtype(np.int64)})()
    buffer = ReplayBuffer(100, space, action, num_envs=3, seed=0)
    monkeypatch.setattr(StepSchema, "convert", lambda *_: pytest.fail("converted in Python"))
    obs, flags = np.random.default_rng(0).normal(size=(3, 2)), np.zeros(3, np.bool_)
    reward = np.array([0.1, np.inf, -1e-50])
    step = (obs, np.arange(3), reward, obs + 1, flags, flags)
    buffer.add(*(pickle.loads(pickle.dumps(step)) if pickled else step))
    found = buffer.transitions()
    np.testing.assert_array_equal(found.obs, obs.astype(np.float32))
    np.testing.assert_array_equal(found.next_obs, (obs + 1).astype(np.float32))
    np.testing.assert_array_equal(found.reward, reward.astype(np.float32))


@pytest.mark.parametrize("number", [1e39, -1e300])
def test_a_float64_of_an_array_that_would_overflow_is_an_error(number: float) -> None:
    buffer = ReplayBuffer(100, num_envs=2, seed=0)
    obs, flags = np.zeros((2, 2), np.float32), np.zeros(2, np.bool_)
    buffer.add(obs, np.arange(2), np.float32([0, 0]), obs, flags, flags)
    with pytest.raises(TypeError, match=r"reward: got .* of dtype float64, expected values that fit float32"):
        buffer.add(obs, np.arange(2), np.array([0.0, number]), obs, flags, flags)
    assert len(buffer) == 2
    # The largest float32, and what rounds to it, fits.
    largest = float(np.finfo(np.float32).max)
    buffer.add(obs, np.arange(2), np.array([largest, np.nextafter(largest, np.inf)]), obs, flags, flags)
    assert buffer.transitions().reward.tolist() == [0, largest, 0, largest]
