"""Real buffers from drawn options, and the comparison of a real batch with the twin's rows."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
from replay.support.oracles import PriorityTwin, ReplayTwin
from replay.support.segment_oracle import Obs, leaves
from replay.support.strategies import Column, Options, nested

import dqn_fast
from dqn_fast import trees


def space_of(column: Column) -> Any:
    """The Gymnasium space that a user would have for the column."""
    from gymnasium import spaces

    if column.dtype == "int8":
        return spaces.MultiBinary(column.shape)
    if column.dtype == "int64" and column.shape == ():
        return spaces.Discrete(1000)
    if column.dtype == "int64":
        return spaces.MultiDiscrete(np.full(column.shape, 1000))
    low, high = (0, 255) if column.dtype == "uint8" else (-np.inf, np.inf)
    return spaces.Box(low, high, column.shape, np.dtype(column.dtype).type)


def observation_space_of(o: Options) -> Any:
    """The space of the observations, a Dict of Dicts if they are."""
    from gymnasium import spaces

    def dicts(space: Any) -> Any:
        return spaces.Dict({k: dicts(v) for k, v in space.items()}) if isinstance(space, dict) else space

    return dicts(nested({path: space_of(leaf.column) for path, leaf in o.obs.items()}))


def stack_options(o: Options) -> dict[str, Any]:
    """`frame_stack` and `frame_axis`: numbers, or mappings that leave out what is no stack."""
    if o.structure == "array":
        (leaf,) = o.obs.values()
        return {"frame_stack": leaf.frames, "frame_axis": leaf.axis}
    if o.structure == "dict, one number for all":
        return {"frame_stack": o.frame_stack, "frame_axis": 0}
    frames = {path: stack.frames for path, stack in o.stacks.items()}
    return {
        "frame_stack": nested(frames),
        "frame_axis": nested({path: stack.axis for path, stack in o.stacks.items() if stack.axis != 0}),
    }


def build_buffer(o: Options) -> Any:
    """The buffer that the options describe."""
    capacity = o.capacity * o.num_envs + o.surplus
    spaces = (observation_space_of(o), space_of(o.action)) if o.spaces else ()
    common: dict[str, Any] = {
        "num_envs": o.num_envs,
        **stack_options(o),
        "autoreset": o.autoreset,
        "n_step": o.n_step,
        "gamma": o.gamma,
        "extra_fields": {name: tuple(column) for name, column in o.extra_fields.items()} or None,
        "reserve": o.reserve,
        "draw_by": o.draw_by,
        "seed": o.seed,
    }
    if o.alpha is None:
        return dqn_fast.ReplayBuffer(capacity, *spaces, **common)
    return dqn_fast.PrioritizedReplayBuffer(
        capacity,
        *spaces,
        **common,
        alpha=o.alpha,
        priority_eps=o.priority_eps,
        weight_normalization=o.weight_normalization,
        stratified=o.stratified,
    )


def flat(name: str, obs: Obs) -> dict[str, np.ndarray]:
    """The arrays of an observation, named as messages do: `obs['camera']['left']`."""
    return {name + "".join(f"[{key!r}]" for key in path): array for path, array in leaves(obs)}


def stacked(observations: list[Obs]) -> Obs:
    """One observation of several, each array with a leading axis."""
    return trees.map(lambda *arrays: np.stack(arrays), *observations)


def first_of(obs: Obs) -> Obs:
    """What comes first along the leading axis of each array: arrays, not scalars; objects as they are."""
    return trees.map(lambda a: a[0] if a.dtype == object else a[0, ...], obs)


def of_one_stream(obs: Obs) -> Obs:
    return trees.map(lambda a: a[:, 0], obs)


def none_of(obs: Obs, streams: int) -> Obs:
    """No row of each array."""
    return trees.map(lambda a: np.empty((0, streams, *a.shape), a.dtype), obs)


def columns_of(batch: Any) -> dict[str, np.ndarray]:
    """The batch as one flat dict, without its weights."""
    names = ("action", "reward", "terminated", "truncated", "discount")
    obs = {**flat("obs", batch.obs), **flat("next_obs", batch.next_obs)}
    return {**obs, **{name: getattr(batch, name) for name in names}, **batch.extra}


def same_value(real: np.ndarray, expected: Any) -> bool:
    """Equality byte for byte; a NaN that was computed may have any bits."""
    expected = np.asarray(expected)
    if real.dtype != expected.dtype or real.shape != expected.shape:
        return False
    if real.tobytes() == expected.tobytes():
        return True
    return real.shape == () and bool(np.isnan(real) and np.isnan(expected))


def check_batch(batch: Any, twin: ReplayTwin, o: Options, n_step: int, gamma: float, beta: float) -> None:
    """Every row, flag and weight of a batch is what the twin says of its index."""
    assert batch.indices.dtype == np.int64
    assert batch.weights.dtype == np.float32
    possible = {index for index, p in twin.probabilities().items() if p > 0}
    assert set(batch.indices.tolist()) <= possible
    check_rows(batch, twin, n_step, gamma)
    if twin.priorities is None:
        assert (batch.weights == 1).all()
        return
    masses = [twin.priorities.masses[twin.carrier(index)] for index in batch.indices.tolist()]
    check_weights(batch, twin.priorities, masses, o.weight_normalization, beta)


def check_rows(batch: Any, twin: ReplayTwin, n_step: int, gamma: float) -> None:
    """Every row of a batch is the twin's row of its index, byte for byte."""
    columns = columns_of(batch)
    rows: dict[int, dict[str, Any]] = {}
    for position, index in enumerate(batch.indices.tolist()):
        if index not in rows:
            row = twin.row(index, n_step, gamma)
            obs = {**flat("obs", row.pop("obs")), **flat("next_obs", row.pop("next_obs"))}
            rows[index] = {**row, **obs}
        assert rows[index].keys() == columns.keys()
        for name, expected in rows[index].items():
            real = columns[name][position]
            assert same_value(np.asarray(real), expected), (name, index, real, expected)


def check_frames(batch: Any) -> None:
    """The frames of each row are numbered in the order in which it shows them, behind those of the last."""
    index, later, frames = (
        flat("", getattr(batch, name)) for name in ("frame_index", "next_frame_index", "frames")
    )
    for leaf in index:
        count = 0
        for row in np.concatenate([index[leaf], later[leaf]], axis=1).tolist():
            shown = list(dict.fromkeys(row))
            assert shown == list(range(count, count + len(shown)))
            count += len(shown)
        assert len(frames[leaf]) == count


def check_weights(
    batch: Any, priorities: PriorityTwin, masses: list[float], normalization: str, beta: float
) -> None:
    """Weights agree to about one unit of float32: they are rounded once."""
    expected = priorities.weights(masses, beta, normalization)
    np.testing.assert_allclose(batch.weights, expected, rtol=2e-7, atol=1e-44)


# --- for tests that read as prose -----------------------------------------------------------------


def add(buffer: Any, obs: float, next_obs: float, reward: float = 0.0, **more: Any) -> None:
    """Add a transition between two observations of one number each."""
    more = {"action": 0, "terminated": False, **more}
    buffer.add(obs=np.float32([obs]), reward=reward, next_obs=np.float32([next_obs]), **more)


def walk(buffer: Any, places: list[float], **more: Any) -> None:
    """Walk from place to place; the rewards are 1, 2, 3, … and `more` belongs to the last step."""
    for i, (obs, next_obs) in enumerate(pairwise(places)):
        add(buffer, obs, next_obs, reward=i + 1.0, **(more if i == len(places) - 2 else {}))


def rows_of(buffer: Any, **options: Any) -> dict[int, SimpleNamespace]:
    """Every row that can be drawn, by its index; numbers are Python numbers."""
    batch = buffer.sample(64 * max(1, len(buffer)), **options)
    columns = {**columns_of(batch), "weight": batch.weights}
    return {
        int(index): SimpleNamespace(**{name: value[i].squeeze()[()] for name, value in columns.items()})
        for i, index in enumerate(batch.indices)
    }


def probabilities_of(buffer: Any) -> dict[int, float]:
    """What each index that can be drawn weighs, read off the weights: they are 1 / (N P) when beta is 1."""
    assert len(buffer)
    return {index: 1 / (len(buffer) * float(row.weight)) for index, row in rows_of(buffer, beta=1.0).items()}


def context(buffer: Any, *places: float) -> None:
    """Add context steps of one number each."""
    for place in places:
        buffer.add_context(np.float32([place]))


def episodes(buffer: Any, lengths: list[int]) -> list[list[int]]:
    """Add an episode of each length; the indices of the steps of each, held or not."""
    first, found = 0, []
    for length in lengths:
        walk(buffer, list(range(100 * first, 100 * first + length + 1)), terminated=True)
        found.append(list(range(first, first + length)))
        first += length + 1
    return found


def plain_index(capacity: int, **options: Any) -> dqn_fast.PriorityIndex:
    """An index whose masses are the priorities."""
    return dqn_fast.PriorityIndex(capacity, **{"alpha": 1.0, "priority_eps": 0.0, "seed": 0, **options})
