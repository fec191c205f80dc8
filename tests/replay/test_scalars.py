"""Numbers as environments and agents give them are stored as exactly as their fields allow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dqn_fast import ReplayBuffer

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
