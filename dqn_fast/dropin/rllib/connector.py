"""A piece of RLlib's learner pipeline that takes a sampled batch as it is."""

from __future__ import annotations

from typing import Any

from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.utils.spaces.space_utils import BatchedNdArray

from dqn_fast import trees
from dqn_fast.dropin.rllib.sampled import SampledEpisodes


class UseSampledBatch(ConnectorV2):  # type: ignore[misc]  # RLlib is untyped
    """Put the columns of a batch into the learner's, so that no piece after it looks at an episode.

    `config.learners(learner_connector=lambda *spaces: UseSampledBatch())`; where there are several pieces,
    those that read episodes come before it. A column that is there already stays. Episodes that are of no
    batch of our buffer, such as those that a remote learner gets, are left to RLlib's own pieces.
    """

    def __call__(self, *, batch: dict[str, Any], episodes: list[Any], **options: Any) -> dict[str, Any]:
        """Return the learner's batch, with the columns of a `SampledEpisodes`.

        Args:
            batch: under construction.
            episodes: what the buffer's `sample` returned; emptied, but for what counts its rows.
            options: of RLlib's connectors.
        """
        if isinstance(episodes, SampledEpisodes):
            for name, column in episodes.columns.items():
                # RLlib's form: a list for each episode; of arrays that have the batch's axis already.
                batch.setdefault(name, {("batch",): [trees.map(BatchedNdArray, column)]})
            episodes.replace_by_count()
        return batch
