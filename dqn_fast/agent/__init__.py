"""The DQN agent in PyTorch, made of parts that are passed to constructors."""

from dqn_fast.agent.batch_source import BatchSource, PrioritizedBatches, UniformBatches
from dqn_fast.agent.dqn import DQN, UpdateResult
from dqn_fast.agent.epsilon_greedy import EpsilonGreedy
from dqn_fast.agent.exploration import Actions, Exploration, NoExploration
from dqn_fast.agent.fast import QValues, Values, make_q_values
from dqn_fast.agent.networks import (
    DATA_EFFICIENT,
    MINATAR,
    NATURE,
    Conv,
    QNetwork,
    Representation,
    Scalar,
    SmallImageError,
    legal_actions,
    make_mlp,
    make_q_net,
    q_net_of_own,
)
from dqn_fast.agent.objectives import (
    Loss,
    Objective,
    ObjectiveResult,
    Selector,
    TDObjective,
    TransitionBatch,
    huber,
    online_selector,
    squared_error,
    target_selector,
)
from dqn_fast.agent.optimizers import Adam, FlatParameters, Optimizer, RMSProp
from dqn_fast.agent.policy import FeedForwardPolicy, Greedy, Policy
from dqn_fast.agent.schedules import ExponentialSchedule, LinearSchedule, Schedule
from dqn_fast.agent.targets import HardTarget, SoftTarget, Target

__all__ = [
    "DATA_EFFICIENT",
    "DQN",
    "MINATAR",
    "NATURE",
    "Actions",
    "Adam",
    "BatchSource",
    "Conv",
    "EpsilonGreedy",
    "Exploration",
    "ExponentialSchedule",
    "FeedForwardPolicy",
    "FlatParameters",
    "Greedy",
    "HardTarget",
    "LinearSchedule",
    "Loss",
    "NoExploration",
    "Objective",
    "ObjectiveResult",
    "Optimizer",
    "Policy",
    "PrioritizedBatches",
    "QNetwork",
    "QValues",
    "RMSProp",
    "Representation",
    "Scalar",
    "Schedule",
    "Selector",
    "SmallImageError",
    "SoftTarget",
    "TDObjective",
    "Target",
    "TransitionBatch",
    "UniformBatches",
    "UpdateResult",
    "Values",
    "huber",
    "legal_actions",
    "make_mlp",
    "make_q_net",
    "make_q_values",
    "online_selector",
    "q_net_of_own",
    "squared_error",
    "target_selector",
]
