"""The check that a contender does the work it is timed for: every field, true rows, copies, right weights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from rivals import ALPHA, BETA, EPS, Memory
from transitions import FIELDS, Array, Transitions
from workloads import Workload

BATCH = 64
BATCH_OF_RUNS = {0: 1000, 1: BATCH, 3: 8}  # tokens, or runs, by axes of an observation


def check(memory: Memory, workload: Workload, normalization: str | None) -> None:
    """Fill an empty memory with a small workload, and compare what it gives back.

    Raises:
        AssertionError: if a batch has a wrong shape, row or weight, or is no copy; or if the memory's class
            calls a field wrong that is right.
    """
    if workload.in_runs:
        check_runs(memory, workload, normalization)
        return
    recorded = workload.record(seed=3)
    start, whole = recorded.by_environment(), workload.sampled(recorded).by_environment()
    given = workload.priorities(seed=4)
    memory.fill(recorded, given)
    is_wrong = memory.is_wrong(start, whole)
    assert set(is_wrong) == set(memory.wrong)

    batch = memory.sample(BATCH)
    arrays = memory.arrays(batch)
    rows = check_rows(memory, arrays, whole, is_wrong, normalization is not None)
    if given is not None and normalization is not None:
        expected = weights(given, rows, normalization)
        np.testing.assert_allclose(arrays["weights"], expected, rtol=1e-3, err_msg="weights")

    kept = {name: array.copy() for name, array in arrays.items()}
    if workload.prioritized:
        check_update(memory, workload, batch, arrays["obs"][0].copy())
    if workload.environments == 1 and workload.n == 1 and len(workload.shape) == 1:
        check_copies_on_add(memory, workload)
    if not memory.reuses_batch:
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, kept[name], err_msg=f"{name} is no copy")


def check_rows(
    memory: Memory, arrays: dict[str, Array], whole: Transitions, is_wrong: dict[str, Array], weighted: bool
) -> Array:
    """Return which of all transitions the rows of a batch are; assert that each is a true one."""
    fields = {name for name in (*FIELDS, "discount") if name in whole.fields and name not in memory.lacks}
    assert set(arrays) == fields | ({"weights"} if weighted else set()), set(arrays)
    observed = whole.obs[:]
    row_of = {np.ascontiguousarray(obs).tobytes(): row for row, obs in enumerate(observed)}
    assert len(row_of) == len(whole), "an observation occurs twice"
    rows = np.array([row_of[np.ascontiguousarray(obs).tobytes()] for obs in arrays["obs"]])
    for name in fields:
        expected = whole.fields[name][rows]
        right = ~is_wrong[name][rows] if name in is_wrong else np.ones(len(rows), np.bool_)
        assert arrays[name].shape == expected.shape, (name, arrays[name].shape, expected.shape)
        if expected.dtype.kind == "f":
            np.testing.assert_allclose(arrays[name][right], expected[right], rtol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(arrays[name][right], expected[right], err_msg=name)
    assert arrays["obs"].dtype == arrays["next_obs"].dtype == observed.dtype
    return rows


def weights(given: Array, rows: Array, normalization: str) -> Array:
    """Return the importance weights of the rows, straight from their definition."""
    mass = (given.astype(np.float64) + EPS) ** ALPHA
    raw = (len(mass) * mass / mass.sum()) ** -BETA
    largest = raw[rows].max() if normalization == "batch" else raw.max()
    result: Array = raw[rows] / largest
    return result


def check_update(memory: Memory, workload: Workload, batch: object, first: Array) -> None:
    """Give one row an enormous priority: it must then fill nearly every batch."""
    same = (memory.arrays(batch)["obs"] == first).reshape(BATCH, -1).all(axis=1)
    memory.update(batch, workload.given(np.where(same, 1e9, 1e-3).astype(np.float32)))
    again = memory.arrays(memory.sample(BATCH))["obs"]
    share = (again == first).reshape(BATCH, -1).all(axis=1).mean()
    assert share > 0.9, f"the updated row is {share:.0%} of a batch"


def check_copies_on_add(memory: Memory, workload: Workload) -> None:
    """Overwrite the arrays of steps that were added, as environments do: what is stored must be a copy."""
    added = workload.record(seed=5)
    for step in added.steps():
        memory.add(*memory.given(step))
        step[0][:] = step[3][:] = np.nan
    obs = memory.arrays(memory.sample(BATCH))["obs"]
    known = {row.tobytes() for row in added.obs[:]}
    assert all(row.tobytes() in known for row in obs), "add does not keep copies of what it is given"


def check_runs(memory: Memory, workload: Workload, normalization: str | None) -> None:
    """Check runs of steps: each of one episode, with true steps and weights, by priority, and copied."""
    recorded, given = workload.record(seed=3), workload.priorities(seed=4)
    memory.fill(recorded, given)
    batch_size = BATCH_OF_RUNS[len(workload.shape)]
    batch = memory.sample(batch_size)
    arrays = memory.arrays(batch)
    steps = dict(arrays)
    offsets, drawn, found = (steps.pop(name, None) for name in ("offsets", "drawn", "weights"))
    assert offsets is not None, "a batch of runs has no offsets"
    rows = check_rows(memory, steps, recorded, {}, False)
    check_offsets(rows, offsets, recorded, workload)
    if workload.shape and not memory.joins_episodes:
        assert len(offsets) == batch_size + 1, "a batch has another number of runs"
    kept = {name: array.copy() for name, array in arrays.items()}
    if given is not None and not memory.only_copies:
        assert drawn is not None and found is not None and normalization is not None
        expected = weights(given, rows[drawn], normalization)
        np.testing.assert_allclose(found, expected, rtol=1e-3, err_msg="weights")
        first = arrays["obs"][drawn[0]].copy()
        check_update_of_runs(memory, batch, arrays["obs"][drawn], first)
    else:
        memory.sample(batch_size)
    if not memory.reuses_batch:
        for name, array in memory.arrays(batch).items():
            np.testing.assert_array_equal(array, kept[name], err_msg=f"{name} is no copy")


def check_offsets(rows: Array, offsets: Array, recorded: Transitions, workload: Workload) -> None:
    """Assert that each run is of consecutive steps of one episode, and as long as it can be."""
    done = recorded.terminated | recorded.truncated
    assert offsets[0] == 0 and offsets[-1] == len(rows) and (np.diff(offsets) > 0).all(), "offsets"
    for first, behind in pairwise(offsets):
        run = rows[first:behind]
        np.testing.assert_array_equal(np.diff(run), 1, err_msg="a run is not of consecutive steps")
        assert not done[run[:-1]].any(), "a run crosses an episode's end"
        begins, ends = run[0] == 0 or done[run[0] - 1], done[run[-1]]
        if workload.whole_episodes:
            assert begins and ends, "a segment is no whole episode"
        else:
            assert len(run) <= workload.steps, "a sequence is too long"
            assert len(run) == workload.steps or begins or ends, "a sequence is too short"


def check_update_of_runs(memory: Memory, batch: object, drawn: Array, first: Array) -> None:
    """Give the first drawn step an enormous priority: nearly every run must then be drawn by it."""
    same = (drawn == first).reshape(len(drawn), -1).all(axis=1)
    memory.update(batch, np.where(same, 1e9, 1e-3).astype(np.float32))
    again = memory.arrays(memory.sample(BATCH))
    obs = again["obs"][again["drawn"]]
    share = (obs == first).reshape(len(obs), -1).all(axis=1).mean()
    assert share > 0.9, f"the updated step began {share:.0%} of the runs"
