"""What `sample` returns: RLlib's episodes of one step each, which are made only where somebody looks."""

from __future__ import annotations

from typing import Any

from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from dqn_fast import trees

OF_EPISODES = frozenset(SingleAgentEpisode.__slots__)


class SampledEpisodes(list[Any]):
    """A batch as RLlib's episodes of one step; `UseSampledBatch` takes the columns instead.

    Args:
        columns: of a learner's batch, by name, each (B, ...).
        started: the time step of each row in its episode, int64 (B,).

    Attributes:
        columns: as given.
        started: as given.
    """

    def __init__(self, columns: dict[str, Any], started: Any) -> None:
        super().__init__(_Row(self, row) for row in range(len(started)))
        self.columns = columns
        self.started = started

    def replace_by_count(self) -> None:
        """Hold one thing instead, which counts as many steps as there are rows, and has no agents."""
        self[:] = [_Count(len(self))]


class _Row(SingleAgentEpisode):  # type: ignore[misc]  # RLlib is untyped
    """One row, which becomes RLlib's episode when an attribute of it is first read."""

    __slots__ = ("_batch", "_row")

    def __init__(self, batch: SampledEpisodes, row: int) -> None:
        self._batch = batch
        self._row = row

    def __len__(self) -> int:
        return 1

    def __getattr__(self, name: str) -> Any:
        """Make the episode; only for attributes of episodes that are not there yet."""
        if name not in OF_EPISODES:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        columns, row = self._batch.columns, self._row
        observations = [trees.row(columns[part], row) for part in (Columns.OBS, Columns.NEXT_OBS)]
        super().__init__(
            observations=observations,
            actions=[columns[Columns.ACTIONS][row]],
            rewards=[columns[Columns.REWARDS][row]],
            terminated=bool(columns[Columns.TERMINATEDS][row]),
            truncated=bool(columns[Columns.TRUNCATEDS][row]),
            extra_model_outputs={name: [columns[name][row]] for name in ("weights", "n_step")},
            len_lookback_buffer=0,
            t_started=int(self._batch.started[row]),
        )
        return getattr(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make an episode of RLlib's, so that no row takes its batch along."""
        return SingleAgentEpisode.from_state, (self.get_state(),)


class _Count:
    """Stands for rows whose columns are in a learner's batch: RLlib counts them, and finds no agents."""

    agent_ids = ()

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows
