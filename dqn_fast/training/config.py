"""The configuration of a training run: all that decides its result, apart from the code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import tyro

from dqn_fast.errors import UsageError
from dqn_fast.training.seeds import PartSeeds, derive_seeds


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one training run.

    Raises:
        UsageError: a value is outside its range.
    """

    env_id: Annotated[str, tyro.conf.arg(metavar="ENV_ID"), tyro.conf.Positional]
    """Gymnasium id of the environment, such as CartPole-v1. Its actions must be Discrete."""
    seed: int = 0
    """Seed of everything random in the run; the same seed repeats the run bit for bit on one machine."""
    total_steps: int = 50_000
    """Environment steps to train for. Schedules without a length of their own end here."""

    num_envs: int = 1
    """Environments that step together. More of them make a run faster; the ratio of learner updates to
    environment steps stays the same."""
    vectorization: Literal["sync", "async", "native"] = "sync"
    """Several environments: one after the other, each in a process of its own, or by the environment's own
    vector implementation (CartPole-v1 and the ALE/ games have one)."""
    action_mask: bool = False
    """The environment's info has an "action_mask": illegal actions are neither taken nor bootstrapped from.
    (In a dict observation such a mask is heeded without this.)"""

    rescale: bool = False
    """Observations are rescaled from their bounds, which must be closer than 1e6, to -1 ... 1. It helps where
    one number is a hundred times smaller than another and as important, such as MountainCar's velocity."""

    hidden_sizes: tuple[int, ...] = (128, 128)
    """Units of each hidden layer of the Q-network; for images, of those behind the convolutions."""
    convolutions: Literal["by-size", "nature", "data-efficient", "minatar"] = "by-size"
    """Convolutions for images: DQN's (nature) for those of at least 36 x 36 pixels and MinAtar's for smaller
    ones, or one of these, or data-efficient: a quarter of the time of DQN's on a CPU, for as large images."""
    dueling: bool = False
    """Dueling networks: the value of a state and the advantages of actions are learned apart."""
    learning_rate: float = 1e-3
    """The learning rate at the first environment step."""
    learning_rate_end: float = 0.0
    """The learning rate at the last environment step; in between it changes linearly. At 0 the agent
    comes to rest, instead of ending on whichever policy the last noisy updates left behind."""
    optimizer: Literal["adam", "rmsprop"] = "adam"
    """Adam, or centred RMSProp, which the DQN was published with."""
    adam_eps: float = 1e-4
    """Added to the denominator of Adam's step. PyTorch's own default is 1e-8; a larger one keeps gradients
    that have become small from turning into full steps."""
    rmsprop_eps: float = 0.01
    """Added to the denominator of RMSProp's step."""
    rmsprop_momentum: float = 0.0
    """RMSProp: share of the last step that is made again; steps become 1 / (1 - momentum) times as long."""
    batch_size: int = 128
    """Transitions per learner update."""
    learn_period: int = 2
    """Environment steps from one round of learner updates to the next."""
    learn_updates: int = 1
    """Learner updates in each round."""
    learning_starts: int = 1_000
    """Environment steps stored before the first learner update."""
    max_grad_norm: float = 10.0
    """Largest norm of the gradient; longer gradients are shortened to it. inf turns this off."""

    gamma: float = 0.99
    """Discount factor per environment step."""
    n_step: int = 3
    """Environment steps whose rewards are summed before bootstrapping."""
    clip_rewards: bool = False
    """The agent learns from each reward clipped to [-1, 1], as DQN does on Atari. Returns in metrics and
    evaluations are the environment's own."""
    double: bool = True
    """Double DQN: the Q-network chooses the action that the target network values."""
    loss: Literal["huber", "mse"] = "huber"
    """Loss of a sample's TD error."""
    huber_delta: float = 1.0
    """TD error at which the Huber loss turns from a parabola into a line."""
    target: Literal["soft", "hard"] = "soft"
    """How the target network follows: a small step after every learner update, or a copy now and then."""
    tau: float = 0.005
    """Soft target: share of the way to the Q-network in one learner update."""
    target_update_period: int = 500
    """Hard target: learner updates from one copy to the next."""

    epsilon_schedule: Literal["linear", "exponential"] = "linear"
    """How the probability of a random action falls from epsilon_begin to epsilon_end."""
    epsilon_begin: float = 1.0
    """Probability of a random action at the first environment step."""
    epsilon_end: float = 0.05
    """Probability of a random action at the end of the fall and after it."""
    epsilon_decay: float = 0.2
    """Share of total_steps (environment steps) that the fall takes."""
    epsilon_spread: float = 0.0
    """Several environments: environment i of N explores with epsilon ** (1 + spread * i / (N - 1)), as in
    Ape-X (7 there); 0 gives all the same epsilon."""
    epsilon_repeat: float = 0.0
    """A random action is repeated for a number of steps drawn from a zeta distribution with this exponent
    (epsilon-z-greedy; 2 there), which explores further; 0 takes each once."""

    capacity: int = 100_000
    """Transitions that the replay memory holds."""
    reserve: float | None = None
    """Room in the replay memory for the last observations of episodes, as a share of the capacity; by
    default 1, or 1/32 for images. Where episodes are shorter than 32 steps, those take more to be kept."""
    frame_stack: int = 1
    """Frames that an observation is a stack of, along its first axis: the memory stores each frame once."""
    prioritized: bool = False
    """Prioritised replay: transitions with a large TD error are sampled more often."""
    alpha: float = 0.6
    """Prioritised replay: exponent of the priorities; 0 samples uniformly."""
    beta_begin: float = 0.4
    """Prioritised replay: exponent of the importance weights at the first environment step."""
    beta_end: float = 1.0
    """Prioritised replay: the same exponent at the last environment step; in between it changes linearly."""
    priority_eps: float = 1e-6
    """Prioritised replay: added to every |TD error|, so that no transition starves."""

    selection_period: int = 2_500
    """Environment steps from one evaluation during the training to the next, in a separate environment; each
    is made with a row of metrics (log_period). The weights that did best are the run's model. 0 turns this
    off: the last weights are the model."""
    selection_episodes: int = 10
    """Episodes of each of these evaluations. What falls behind the best is given up after 10, 20, 40 ..."""
    eval_episodes: int = 100
    """Episodes of the evaluation at the end (epsilon = 0, a separate environment, seeds of its own)."""
    checkpoint_period: int = 10_000
    """Environment steps from one checkpoint to the next: after a crash, `dqn-fast resume` goes on from the
    last one as if nothing had happened. 0 turns this off."""
    log_period: int = 500
    """Environment steps from one row of metrics to the next."""
    return_window: int = 20
    """Latest episodes that the return's mean and spread in the metrics are taken over."""
    threads: int = 1
    """PyTorch's threads. One is fastest for small networks; another number may change the last digits."""

    @cached_property
    def seeds(self) -> PartSeeds:
        """The seed of each part of the run, derived from `seed`."""
        return derive_seeds(self.seed)

    def __post_init__(self) -> None:
        for name in _HINTS:
            object.__setattr__(self, name, _plain(getattr(self, name)))
        for hint, expected in ((int, "an integer"), (bool, "True or False")):
            for name in _NAMES[hint]:
                if type(getattr(self, name)) is not hint:
                    raise UsageError(f"{name} is {getattr(self, name)!r}, expected {expected}")
        for name, (is_valid, expected) in _RULES.items():
            value = getattr(self, name)
            try:
                valid = not isinstance(value, bool) and is_valid(value)
            except TypeError:  # a text, or a number where several are due
                valid = False
            if not valid:
                raise UsageError(f"{name} is {value!r}, expected {expected}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} is {getattr(self, name)}, expected one of {', '.join(choices)}")
        if self.epsilon_schedule == "exponential" and 0 in (self.epsilon_begin, self.epsilon_end):
            raise UsageError(
                "epsilon_schedule is exponential, expected epsilon_begin and epsilon_end above 0 (or linear)"
            )
        if self.capacity < self.num_envs:
            raise UsageError(
                f"capacity is {self.capacity},"
                f" expected at least one transition for each of {self.num_envs} environments"
            )
        if self.total_steps <= self.learning_starts:
            raise UsageError(
                f"total_steps is {self.total_steps},"
                f" expected more than learning_starts ({self.learning_starts})"
            )


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, which JSON knows."""
    if isinstance(value, tuple | list):
        return tuple(_plain(one) for one in value)
    return value.item() if isinstance(value, np.generic) else value


_HINTS = get_type_hints(TrainConfig)
_NAMES = {kind: [name for name, hint in _HINTS.items() if hint is kind] for kind in (int, bool)}
_CHOICES = {name: get_args(hint) for name, hint in _HINTS.items() if get_origin(hint) is Literal}

_Rule = tuple[Callable[[Any], bool], str]


def _at_least(least: int, unit: str = "") -> _Rule:
    return lambda value: value >= least, f"at least {least}{unit}"


_POSITIVE: _Rule = (lambda value: 0 < value < math.inf, "above 0 and finite")
_SHARE: _Rule = (lambda value: 0 <= value <= 1, "from 0 to 1")
_STEPS = _at_least(1, " environment step")

_RULES: dict[str, _Rule] = {
    "env_id": (lambda value: isinstance(value, str) and value != "", "a name such as CartPole-v1"),
    "seed": (lambda value: 0 <= value < 2**63, "at least 0 and below 2**63"),
    "total_steps": _STEPS,
    "num_envs": _at_least(1),
    "hidden_sizes": (
        lambda value: all(type(size) is int and size >= 1 for size in value),
        "sizes of at least 1",
    ),
    "learning_rate": _POSITIVE,
    "learning_rate_end": (lambda value: 0 <= value < math.inf, "at least 0 and finite"),
    "adam_eps": _POSITIVE,
    "rmsprop_eps": _POSITIVE,
    "rmsprop_momentum": (lambda value: 0 <= value < 1, "at least 0 and below 1"),
    "batch_size": _at_least(1),
    "learn_period": _STEPS,
    "learn_updates": _at_least(1, " learner update"),
    "learning_starts": _STEPS,
    "max_grad_norm": (lambda value: value > 0, "above 0, or inf"),
    "gamma": _SHARE,
    "n_step": _STEPS,
    "huber_delta": _POSITIVE,
    "tau": (lambda value: 0 < value <= 1, "above 0 and at most 1"),
    "target_update_period": _at_least(1, " learner update"),
    "epsilon_begin": _SHARE,
    "epsilon_end": _SHARE,
    "epsilon_decay": _SHARE,
    "epsilon_spread": (lambda value: 0 <= value < math.inf, "at least 0 and finite"),
    "epsilon_repeat": (lambda value: value == 0 or 1 < value < math.inf, "0, or above 1 and finite"),
    "capacity": _at_least(1),
    "reserve": (lambda value: value is None or 0 <= value < math.inf, "at least 0 and finite"),
    "frame_stack": _at_least(1, " frame"),
    "alpha": (lambda value: 0 <= value < math.inf, "at least 0 and finite"),
    "beta_begin": _SHARE,
    "beta_end": _SHARE,
    "priority_eps": (lambda value: 0 <= value < math.inf, "at least 0 and finite"),
    "selection_period": (lambda value: value >= 0, "at least 1 environment step, or 0 for none"),
    "selection_episodes": _at_least(1),
    "eval_episodes": _at_least(1),
    "checkpoint_period": (lambda value: value >= 0, "at least 1 environment step, or 0 for none"),
    "log_period": _STEPS,
    "return_window": _at_least(1, " episode"),
    "threads": (lambda value: 1 <= value <= 4096, "from 1 to 4096"),
}
