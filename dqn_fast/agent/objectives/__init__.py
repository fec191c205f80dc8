"""Objectives: what the Q-network should learn, as a loss of each sampled transition."""

from dqn_fast.agent.objectives.cloning import CloningObjective
from dqn_fast.agent.objectives.conservative import ConservativeObjective
from dqn_fast.agent.objectives.implicit import ImplicitObjective
from dqn_fast.agent.objectives.losses import Loss, huber, mixed_priority, squared_error
from dqn_fast.agent.objectives.objective import Objective, ObjectiveResult, TransitionBatch
from dqn_fast.agent.objectives.rescaling import NoRescaling, Rescaling, SquareRoot
from dqn_fast.agent.objectives.selectors import Selected, Selector, online_selector, target_selector
from dqn_fast.agent.objectives.soft import SoftObjective
from dqn_fast.agent.objectives.td import TDObjective

__all__ = [
    "CloningObjective",
    "ConservativeObjective",
    "ImplicitObjective",
    "Loss",
    "NoRescaling",
    "Objective",
    "ObjectiveResult",
    "Rescaling",
    "Selected",
    "Selector",
    "SoftObjective",
    "SquareRoot",
    "TDObjective",
    "TransitionBatch",
    "huber",
    "mixed_priority",
    "online_selector",
    "squared_error",
    "target_selector",
]
