"""Whether logged transitions fit the spaces of an environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces

from dqn_fast import trees
from dqn_fast.observation_keys import ACTION_MASK, LENGTH, TOKENS
from dqn_fast.replay import Batch, ReplayBuffer

_TEXT = {(TOKENS,), (LENGTH,)}  # together they are always within their bounds

_CHUNK_BYTES = 2**24  # of observations that are looked at together


def require_fit(
    buffer: ReplayBuffer,
    observation_space: spaces.Space[Any],
    action_space: spaces.Discrete,
    *,
    frame_stack: int = 1,
    bounded: bool = False,
    max_reward: float = np.inf,
) -> None:
    """Refuse a buffer that an agent for these spaces cannot learn from.

    Args:
        buffer: holds the data.
        observation_space: of one environment, as the agent sees it.
        action_space: starts at 0.
        frame_stack: frames that an observation stacks.
        bounded: check the bounds of a Box, too, which environments may exceed.
        max_reward: largest absolute reward.

    Raises:
        ValueError: if it holds nothing, or a shape, a dtype, a stack, an action, a state or a reward does not
            fit; the message says what came and what was expected.
    """
    if len(buffer) == 0:
        raise ValueError("transitions: got none, expected at least one")
    _require_schema(buffer, ReplayBuffer(1, observation_space, action_space, frame_stack=frame_stack))
    paths = trees.paths(observation_space)
    text = _TEXT if set(paths) >= _TEXT else set()
    limits = {
        path: found
        for path in paths
        if (found := _limits(trees.at(observation_space, path), bounded or path in text)) is not None
    }
    for batch in _chunks(buffer):
        _require_within("action", batch.action, 0, int(action_space.n) - 1)
        _require_within("reward", batch.reward, -max_reward, max_reward)
        for name in ("obs", "next_obs"):
            for path, (low, high) in limits.items():
                _require_within(name + _keys(path), trees.at(getattr(batch, name), path), low, high)
        _require_legal(batch)


def _require_schema(buffer: ReplayBuffer, expected: ReplayBuffer) -> None:
    ours, theirs = expected.schema, buffer.schema
    assert ours is not None  # from spaces
    assert theirs is not None  # it holds a transition
    for name in ("obs", "action", "reward"):
        right, found = getattr(ours, name), getattr(theirs, name)
        if set(trees.paths(right)) != set(trees.paths(found)):
            raise ValueError(f"{name}: got {_paths(found)}, expected {_paths(right)}")
        for path in trees.paths(right):
            one, other = trees.at(right, path), trees.at(found, path)
            if one != other:
                raise ValueError(f"{name}{_keys(path)}: got {_leaf(other)}, expected {_leaf(one)}")


def _leaf(leaf: Any) -> str:
    stacks = f" in stacks of {leaf.frames}" if leaf.frames > 1 else ""
    return f"shape {leaf.shape} and dtype {leaf.dtype}{stacks}"


def _paths(tree: Any) -> str:
    return ", ".join(_keys(path) for path in trees.paths(tree)) or "without keys"


def _keys(path: trees.Path) -> str:
    return "".join(f"[{key!r}]" for key in path)


def _limits(space: spaces.Space[Any], bounded: bool) -> tuple[Any, Any] | None:
    """Return least and greatest value of a part of an observation; None if there are none to check."""
    if isinstance(space, spaces.Discrete):
        return space.start, space.start + space.n - 1
    if isinstance(space, spaces.MultiDiscrete):
        return space.start, space.start + space.nvec - 1
    return (space.low, space.high) if bounded and isinstance(space, spaces.Box) else None


def _chunks(buffer: ReplayBuffer) -> Iterator[Batch[Any]]:
    indices = buffer.indices()
    size = max(_CHUNK_BYTES // buffer.empty_batch(1).nbytes, 1)
    for begin in range(0, len(indices), size):
        yield buffer.transitions(indices[begin : begin + size], n_step=1)


def _require_within(what: str, values: Any, low: Any, high: Any) -> None:
    bad = (values < low) | (values > high)
    if bad.any():
        low, high = (np.broadcast_to(bound, values.shape)[bad][0] for bound in (low, high))
        raise ValueError(f"{what}: got {values[bad][0]}, expected {low} to {high}")


def _require_legal(batch: Batch[Any]) -> None:
    if not isinstance(batch.obs, dict) or ACTION_MASK not in batch.obs:
        return
    legal = batch.obs[ACTION_MASK].astype(np.bool_)
    legal |= ~legal.any(1, keepdims=True)
    bad = ~np.take_along_axis(legal, batch.action[:, None], 1)[:, 0]
    if bad.any():
        raise ValueError(f"action: got {batch.action[bad][0]} where {ACTION_MASK} forbids it, expected none")
