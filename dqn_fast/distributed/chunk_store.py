"""Gathers the steps of an actor into chunks: its store, in the place of a replay buffer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dqn_fast import trees
from dqn_fast.agent.exploration import Actions
from dqn_fast.distributed.messages import FORMAT, Chunk
from dqn_fast.envs import Step
from dqn_fast.replay.chunks import Stacking, to_frames


class ChunkStore:
    """Takes steps until they are asked for.

    Args:
        frame_stack: frames that each array of an observation stacks along its first axis.
    """

    def __init__(self, frame_stack: int) -> None:
        self._stacking = Stacking(frame_stack, 0)
        self._steps: list[tuple[Any, Actions, Step]] = []

    def __call__(self, obs: Any, action: Actions, after: Step, extras: Mapping[str, Any]) -> None:
        """Take one step of all environments; a policy with extras is not for actors."""
        self._steps.append((obs, action, after))

    def take(self) -> Chunk:
        """Return the steps since the last time, with whole observations; at least one must be there."""
        steps, self._steps = self._steps, []
        afters = [after for _, _, after in steps]
        all_of_them = np.ones(len(afters[0].reward), np.bool_)
        return Chunk(
            FORMAT,
            _rows([obs for obs, _, _ in steps]),
            _rows([after.next_obs for after in afters]),
            None,
            None,
            np.stack([action for _, action, _ in steps]),
            np.stack([after.reward for after in afters]),
            np.stack([after.terminated for after in afters]),
            np.stack([after.truncated for after in afters]),
            np.stack([all_of_them if after.mask is None else after.mask for after in afters]),
            None,
        )

    def packed(self, chunk: Chunk) -> Chunk:
        """Return the chunk with each frame once, or as it is if it cannot be said so."""
        paths = trees.paths(chunk.obs)
        obs, next_obs = ([trees.at(one, path) for path in paths] for one in (chunk.obs, chunk.next_obs))
        packed = to_frames(obs, next_obs, [self._stacking] * len(paths), chunk.mask)
        if packed is None:
            return chunk
        frames, starts = packed
        whole = frames[0] if paths == [()] else trees.build(paths, frames)
        return chunk._replace(obs=None, next_obs=None, frames=whole, starts=starts)


def _rows(observations: Sequence[Any]) -> Any:
    """Return T observations `(N, ...)` as `(T, N, ...)`."""
    return trees.map(lambda *arrays: np.stack(arrays), *observations)


def spread(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return one number for each row of a chunk `(T, N)`, from those of its transitions by environment."""
    result = np.zeros(mask.T.shape)
    result[mask.T] = values
    return np.ascontiguousarray(result.T)
