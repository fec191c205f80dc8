"""The settings of a run, one file for each part that they decide.

Each is a frozen dataclass. The rule of a value stands at its field, and so does its help text: the docstring
below a field is what the command line shows.
"""

from dqn_fast.training.settings.acting import EnvironmentSettings, ExplorationSettings
from dqn_fast.training.settings.data import DataSettings
from dqn_fast.training.settings.distributed import DistributedSettings
from dqn_fast.training.settings.learning import (
    LearningSettings,
    NetworkSettings,
    OptimizerSettings,
    TargetSettings,
)
from dqn_fast.training.settings.remembering import ReplaySettings
from dqn_fast.training.settings.rules import Settings
from dqn_fast.training.settings.running import EvaluationSettings, RunSettings
from dqn_fast.training.settings.sequences import SEQUENCE_NETWORKS, SequenceSettings

__all__ = [
    "SEQUENCE_NETWORKS",
    "DataSettings",
    "DistributedSettings",
    "EnvironmentSettings",
    "EvaluationSettings",
    "ExplorationSettings",
    "LearningSettings",
    "NetworkSettings",
    "OptimizerSettings",
    "ReplaySettings",
    "RunSettings",
    "SequenceSettings",
    "Settings",
    "TargetSettings",
]
