"""Environments: one or many, made by id, with any autoreset mode, and restored exactly.

This package stands between Gymnasium and the agent. The training loop sees only `Environments`, whether
one or many, in this process or in others. Nothing here knows agents or trainings.
"""

from dqn_fast.envs.action_mask import ActionMaskObservation
from dqn_fast.envs.checked import CheckedEnv, checked
from dqn_fast.envs.episodes import SeededEpisodes
from dqn_fast.envs.errors import RestoreError
from dqn_fast.envs.make import Vectorization, make_env, make_environments
from dqn_fast.envs.scripted import ScriptedPolicy
from dqn_fast.envs.serial import SerialEnvironments
from dqn_fast.envs.step import Environments, Step
from dqn_fast.envs.vector import VectorEnvironments

__all__ = [
    "ActionMaskObservation",
    "CheckedEnv",
    "Environments",
    "RestoreError",
    "ScriptedPolicy",
    "SeededEpisodes",
    "SerialEnvironments",
    "Step",
    "VectorEnvironments",
    "Vectorization",
    "checked",
    "make_env",
    "make_environments",
]
