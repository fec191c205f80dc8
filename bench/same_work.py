"""The proof that a contender does the work that is timed: every field, true rows, copies, equal weights."""

from __future__ import annotations

import numpy as np
from rivals import ALPHA, BETA, EPS, FIELDS, Rival
from transitions import Array, episodes, priorities

SIZE, BATCH = 1000, 64
DTYPES = {
    "obs": np.float32,
    "action": np.int64,
    "reward": np.float32,
    "next_obs": np.float32,
    "terminated": np.bool_,
    "truncated": np.bool_,
    "weights": np.float32,
}


def check(rival: Rival, kind: str, normalization: str | None) -> None:
    """Compares an empty rival of capacity `SIZE` with what it is given.

    Raises:
        AssertionError: if a batch has another shape, dtype, row or weight, or is no copy.
    """
    transitions, given = episodes(SIZE, seed=3), priorities(SIZE, seed=4)
    rival.fill(transitions, given)
    batch = rival.sample(BATCH)
    arrays = rival.arrays(batch)
    assert set(arrays) == {*FIELDS, *(["weights"] if normalization else [])}, set(arrays)
    for name, array in arrays.items():
        shape = (BATCH, 4) if name in ("obs", "next_obs") else (BATCH,)
        assert array.shape == shape and array.dtype == DTYPES[name], (name, array.shape, array.dtype)

    row_of = {obs.tobytes(): row for row, obs in enumerate(transitions.obs)}
    rows = [row_of[obs.tobytes()] for obs in arrays["obs"]]
    for name in FIELDS:
        np.testing.assert_array_equal(arrays[name], getattr(transitions, name)[rows], err_msg=name)
    if normalization:
        expected = weights(given, rows, normalization)
        np.testing.assert_allclose(arrays["weights"], expected, rtol=1e-3, err_msg="weights")

    kept = {name: array.copy() for name, array in arrays.items()}
    if kind == "prioritised":
        check_update(rival, batch, arrays["obs"][0])
    check_copies_on_add(rival)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, kept[name], err_msg=f"{name} is no copy")


def weights(given: Array, rows: list[int], normalization: str) -> Array:
    """The importance weights of the rows, straight from their definition."""
    mass = (given.astype(np.float64) + EPS) ** ALPHA
    raw = (len(mass) * mass / mass.sum()) ** -BETA
    largest = raw[rows].max() if normalization == "batch" else raw.max()
    result: Array = raw[rows] / largest
    return result


def check_update(rival: Rival, batch: object, first: Array) -> None:
    """A row with an enormous priority must fill nearly every batch."""
    new = np.full(BATCH, 1e-3, np.float32)
    indices = rival.indices(batch)
    new[np.asarray(indices) == indices[0]] = 1e9
    rival.update_priorities(indices, new)
    share = (rival.arrays(rival.sample(BATCH))["obs"] == first).all(axis=1).mean()
    assert share > 0.9, f"the updated row is {share:.0%} of a batch"


def check_copies_on_add(rival: Rival) -> None:
    """An environment may overwrite its arrays: what is stored must be a copy."""
    for obs, action, reward, next_obs, terminated, truncated in episodes(SIZE, seed=5).steps():
        rival.add(obs, action, reward, next_obs, terminated, truncated)
        obs[:] = next_obs[:] = np.nan
    arrays = rival.arrays(rival.sample(BATCH))
    assert np.isfinite(arrays["obs"]).all() and np.isfinite(arrays["next_obs"]).all(), "add keeps references"
