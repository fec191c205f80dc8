"""Optimisers over one vector of all parameters."""

from dqn_fast.agent.optimizers.adam import Adam
from dqn_fast.agent.optimizers.optimizer import Optimizer
from dqn_fast.agent.optimizers.parameters import FlatParameters
from dqn_fast.agent.optimizers.rmsprop import RMSProp

__all__ = ["Adam", "FlatParameters", "Optimizer", "RMSProp"]
