"""Environments: made by id, one or many, whenever they reset, and put back exactly where they were."""

from dqn_fast.training.environments.action_mask import ActionMaskObservation
from dqn_fast.training.environments.episodes import SeededEpisodes
from dqn_fast.training.environments.errors import RestoreError
from dqn_fast.training.environments.make import Vectorization, make_env, make_environments
from dqn_fast.training.environments.serial import SerialEnvironments
from dqn_fast.training.environments.step import Environments, Step
from dqn_fast.training.environments.vector import VectorEnvironments

__all__ = [
    "ActionMaskObservation",
    "Environments",
    "RestoreError",
    "SeededEpisodes",
    "SerialEnvironments",
    "Step",
    "VectorEnvironments",
    "Vectorization",
    "make_env",
    "make_environments",
]
