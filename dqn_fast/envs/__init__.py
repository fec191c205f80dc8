"""Environments: made by id, one or many, whenever they reset, and put back exactly where they were.

Here belongs what stands between Gymnasium and somebody who acts: the loop sees `Environments` alone, whether
they are one or many, here or in other processes. No agent is known here, and nothing of a training.
"""

from dqn_fast.envs.action_mask import ActionMaskObservation
from dqn_fast.envs.checked import CheckedEnv, checked
from dqn_fast.envs.episodes import SeededEpisodes
from dqn_fast.envs.errors import RestoreError
from dqn_fast.envs.make import Vectorization, make_env, make_environments
from dqn_fast.envs.serial import SerialEnvironments
from dqn_fast.envs.step import Environments, Step
from dqn_fast.envs.vector import VectorEnvironments

__all__ = [
    "ActionMaskObservation",
    "CheckedEnv",
    "Environments",
    "RestoreError",
    "SeededEpisodes",
    "SerialEnvironments",
    "Step",
    "VectorEnvironments",
    "Vectorization",
    "checked",
    "make_env",
    "make_environments",
]
