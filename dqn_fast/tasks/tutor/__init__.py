"""Adaptive teaching: an environment, and the teachers that an agent is compared with."""

from dqn_fast.tasks.tutor.env import Tutor
from dqn_fast.tasks.tutor.teachers import FullInformation, MasteryThreshold, RandomTeacher, RoundRobin

__all__ = ["FullInformation", "MasteryThreshold", "RandomTeacher", "RoundRobin", "Tutor"]
