"""Descriptions of transitions, and random rows for them."""

from __future__ import annotations

from typing import Any

import numpy as np

ENV_DICTS: dict[str, dict[str, Any]] = {
    "usual": {
        "obs": {"shape": 3},
        "act": {"shape": 1, "dtype": np.ubyte},
        "rew": {},
        "next_obs": {"shape": 3},
        "done": {},
    },
    "more": {
        "obs": {"shape": (2, 2), "dtype": np.uint8},
        "next_obs": {"shape": (2, 2), "dtype": np.uint8},
        "next_next_obs": {"shape": (2, 2), "dtype": np.uint8},
        "hidden": {"shape": (4,), "dtype": np.float64},
        "action": {"shape": 2},
        "reward": {"shape": 2},
        "mask": {"dtype": np.bool_},
        "done": {},
    },
    "two observations": {
        "image": {"shape": (2, 3), "dtype": np.uint8},
        "next_image": {"shape": (2, 3), "dtype": np.uint8},
        "speed": {"dtype": np.int16},
        "next_speed": {"dtype": np.int16},
        "rew": {"dtype": np.float64},
        "done": {},
    },
    "no next values": {"a": {"shape": (2, 1)}, "b": {"dtype": np.int64}, "next_b": {"dtype": np.int32}},
}
NSTEP = {"size": 3, "rew": "rew", "gamma": 0.9, "next": "next_obs"}


def values_of(env_dict: dict[str, Any], count: int, rng: np.random.Generator) -> dict[str, Any]:
    rows = {}
    for name, spec in env_dict.items():
        shape = np.atleast_1d(spec.get("shape", 1)).tolist()
        dtype = np.dtype(spec.get("dtype", np.float32))
        top = 2 if dtype.kind == "b" or name == "done" else 200
        rows[name] = rng.integers(0, top, (count, *shape)).astype(dtype)
        if dtype.kind == "f" and name != "done":
            rows[name] = (rows[name] / 8).astype(dtype)
    return rows


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        assert ours[name].dtype == values.dtype and ours[name].shape == values.shape, name
        assert np.array_equal(ours[name], values), name
