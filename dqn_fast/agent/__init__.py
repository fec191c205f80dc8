"""The DQN agent in PyTorch, in parts that are composed by their constructors' arguments."""

from dqn_fast.agent.bootstrap import Bootstrap, double_q_learning, q_learning
from dqn_fast.agent.dqn import DQN, Learned
from dqn_fast.agent.experience import Experience, PrioritizedExperience, UniformExperience
from dqn_fast.agent.exploration import EpsilonGreedy, Exploration, NoExploration
from dqn_fast.agent.fast import QValues, make_q_values
from dqn_fast.agent.networks.action_mask import legal_actions
from dqn_fast.agent.networks.layers import make_mlp
from dqn_fast.agent.networks.q_network import QNetwork, make_q_net
from dqn_fast.agent.objectives.td import Estimates, Objective, TDObjective
from dqn_fast.agent.optimizers.adam import Adam
from dqn_fast.agent.optimizers.optimizer import Optimizer
from dqn_fast.agent.optimizers.parameters import FlatParameters
from dqn_fast.agent.optimizers.rmsprop import RMSProp
from dqn_fast.agent.policy import FeedForwardPolicy, Greedy, Policy
from dqn_fast.agent.schedules import ExponentialSchedule, LinearSchedule, Schedule
from dqn_fast.agent.targets import HardTarget, SoftTarget, Target

__all__ = [
    "DQN",
    "Adam",
    "Bootstrap",
    "EpsilonGreedy",
    "Estimates",
    "Experience",
    "Exploration",
    "ExponentialSchedule",
    "FeedForwardPolicy",
    "FlatParameters",
    "Greedy",
    "HardTarget",
    "Learned",
    "LinearSchedule",
    "NoExploration",
    "Objective",
    "Optimizer",
    "Policy",
    "PrioritizedExperience",
    "QNetwork",
    "QValues",
    "RMSProp",
    "Schedule",
    "SoftTarget",
    "TDObjective",
    "Target",
    "UniformExperience",
    "double_q_learning",
    "legal_actions",
    "make_mlp",
    "make_q_net",
    "make_q_values",
    "q_learning",
]
