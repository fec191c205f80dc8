"""The configuration of a training run: all that decides its result, apart from the code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

from dqn_fast import __version__
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.seeds import PartSeeds, derive_seeds
from dqn_fast.training.settings import (
    SEQUENCE_NETWORKS,
    DataSettings,
    DistributedSettings,
    EnvironmentSettings,
    EvaluationSettings,
    ExplorationSettings,
    LearningSettings,
    NetworkSettings,
    OptimizerSettings,
    ReplaySettings,
    RunSettings,
    SequenceSettings,
    TargetSettings,
)

#: The parts that a configuration is made of, in the order in which they are shown.
PARTS = {
    "environment": EnvironmentSettings,
    "run": RunSettings,
    "network": NetworkSettings,
    "sequences": SequenceSettings,
    "learning": LearningSettings,
    "optimizer": OptimizerSettings,
    "target": TargetSettings,
    "exploration": ExplorationSettings,
    "replay": ReplaySettings,
    "data": DataSettings,
    "evaluation": EvaluationSettings,
    "distributed": DistributedSettings,
}


# The bases stand from last to first: a dataclass has the fields of its last base first.
@dataclass(frozen=True)
class TrainConfig(
    DistributedSettings,
    EvaluationSettings,
    DataSettings,
    ReplaySettings,
    ExplorationSettings,
    TargetSettings,
    OptimizerSettings,
    LearningSettings,
    SequenceSettings,
    NetworkSettings,
    RunSettings,
    EnvironmentSettings,
):
    """Settings of one training run: those of all its parts, side by side.

    Raises:
        SettingError: if a value is outside its range, or two values contradict each other.
    """

    @cached_property
    def seeds(self) -> PartSeeds:
        """The seed of each part of the run, derived from `seed`."""
        return derive_seeds(self.seed)

    @property
    def unit(self) -> str:
        """What all lengths, periods and schedules of the run count: environment steps or learner updates."""
        return "steps" if self.offline is None else "updates"

    @property
    def demonstration_rows(self) -> int:
        """Rows of a batch that come from the demonstrations."""
        return 0 if self.demonstrations is None else round(self.demonstration_share * self.batch_size)

    @property
    def rating_rows(self) -> int:
        """Rows of a batch that come from the rated texts."""
        return round(self.rating_share * self.batch_size) if self.ratings else 0

    @property
    def learns_sequences(self) -> bool:
        """Whether the network remembers, and so learns from sequences."""
        return self.network in SEQUENCE_NETWORKS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sequence_length and self.learns_sequences and self.objective == "mc":
            raise SettingError(
                "sequence_length", self.sequence_length, "0 with --objective mc: whole episodes"
            )
        if self.stored_state and self.network == "gpt":
            raise SettingError(
                "stored_state", True, "False with --network gpt: its state is as large as a window"
            )
        if self.stored_state and self.offline is not None:
            raise SettingError(
                "stored_state", True, "False with --offline: data has no state of this network"
            )
        if self.demonstrations is not None and self.offline is not None:
            expected = "none with --offline, which is data alone"
            raise SettingError("demonstrations", self.demonstrations, expected)
        if self.demonstrations is not None or self.ratings:
            self._check_shares()
        if self.ratings:
            self._check_ratings()
        if self.epsilon_schedule == "exponential" and 0 in (self.epsilon_begin, self.epsilon_end):
            expected = "epsilon_begin and epsilon_end above 0, or linear"
            raise SettingError("epsilon_schedule", "'exponential'", expected)
        if self.objective == "iql" and self.dueling:
            raise SettingError("dueling", True, "False with --objective iql, which has a head for values")
        if self.objective == "soft":
            self._check_soft()
        if self.actors:
            self._check_actors()
        if self.capacity < max(self.actors, 1) * self.num_envs:
            expected = (
                f"at least one transition for each of {max(self.actors, 1) * self.num_envs} environments"
            )
            raise SettingError("capacity", self.capacity, expected)
        if self.scripted_episodes and self.offline is not None:
            raise SettingError("scripted_episodes", self.scripted_episodes, "0 with --offline: data alone")
        if self.pretrain and self.from_folder:
            raise SettingError("pretrain", self.pretrain, "none with --from: one or the other to begin with")
        if self.objective == "bc" and self.offline is None:
            raise SettingError("objective", "bc", "another, or --offline with data to clone")
        if self.offline is None and self.total_steps <= self.learning_starts:
            expected = f"more than learning_starts ({self.learning_starts})"
            raise SettingError("total_steps", self.total_steps, expected)

    def _check_soft(self) -> None:
        if not self.learns_sequences:
            expected = f"one of {', '.join(SEQUENCE_NETWORKS)} with --objective soft"
            raise SettingError("network", repr(self.network), expected)
        if self.n_step != 1:
            raise SettingError("n_step", self.n_step, "1 with --objective soft: each word has its own price")

    def _check_actors(self) -> None:
        alone = {
            "offline": self.offline is not None,
            "demonstrations": self.demonstrations is not None,
            "ratings": len(self.ratings) > 0,
            "scripted_episodes": self.scripted_episodes > 0,
            "save_memory": self.save_memory,
            "network": self.learns_sequences,
            "body": self.body != "",
        }
        for name in [name for name, given in alone.items() if given]:
            raise SettingError(name, getattr(self, name), "--actors 0 with it: one process")
        if self.shards > self.actors:
            raise SettingError("shards", self.shards, f"at most one for each of {self.actors} actors")

    def _check_shares(self) -> None:
        """Refuse shares of a batch that leave a part of it without rows."""
        if self.stored_state:
            expected = "False with demonstrations or ratings, which have no state of this network"
            raise SettingError("stored_state", True, expected)
        shares = {}
        if self.demonstrations is not None:
            shares["demonstration_share"] = self.demonstration_rows
        if self.ratings:
            shares["rating_share"] = self.rating_rows
        for name, rows in shares.items():
            if rows < 1 or sum(shares.values()) >= self.batch_size:
                both = " of them in both shares" if len(shares) > 1 else ""
                expected = f"at least one row of a batch of {self.batch_size}, and not all{both}"
                raise SettingError(name, getattr(self, name), expected)

    def _check_ratings(self) -> None:
        if self.objective == "bc":
            expected = "none with --objective bc, which clones texts whatever their marks"
            raise SettingError("ratings", ", ".join(self.ratings), expected)
        if self.clip_rewards:
            raise SettingError("clip_rewards", True, "False with --ratings: marks would be clipped, too")


#: What a setting is in a saved run that is older than the setting.
DEFAULTS = {name: value for name, value in asdict(TrainConfig("none")).items() if name != "env_id"}


def refuse_unknown(path: Path, settings: Iterable[str]) -> None:
    """Refuse settings of a saved run that this version does not have.

    Args:
        path: of the file that they are from.
        settings: their names.

    Raises:
        UsageError: if there is one.
    """
    unknown = sorted(set(settings) - {field.name for field in fields(TrainConfig)})
    if unknown:
        raise UsageError(
            f"{path}: got the settings {', '.join(unknown)}, expected those of dqn_fast {__version__};"
            " a newer one may have written them"
        )
