"""Settings of the environments, and of how the agent explores them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Annotated, Any, Literal

import tyro

from dqn_fast.training.settings.keywords import ON_COMMAND_LINE
from dqn_fast.training.settings.rules import (
    A_NAME,
    A_REFERENCE,
    A_SHARE,
    A_ZETA_EXPONENT,
    KEYS,
    KEYWORDS,
    NOT_NEGATIVE,
    Settings,
    at_least,
)


@dataclass(frozen=True)
class EnvironmentSettings(Settings):
    """The environments to train in."""

    env_id: Annotated[str, A_NAME, tyro.conf.arg(metavar="ENV_ID"), tyro.conf.Positional]
    """Gymnasium id of the environment, such as CartPole-v1. Its actions must be Discrete."""
    _: KW_ONLY
    env_kwargs: Annotated[dict[str, Any], KEYWORDS, ON_COMMAND_LINE] = field(default_factory=dict)
    """Arguments of the environment itself, such as map_name=8x8 is_slippery=false: JSON if it parses, else
    text."""
    wrapper: Annotated[str, A_REFERENCE, tyro.conf.arg(metavar="MODULE:NAME")] = ""
    """A function or class of yours, such as my_module:wrap, that is called with each environment and returns
    it wrapped: in training, evaluations and videos."""
    ignore_observation: Annotated[tuple[str, ...], KEYS, tyro.conf.arg(metavar="KEY ...")] = ()
    """Parts of a dict observation to leave out, such as a text; of a tuple by their numbers from 0."""
    fire_on_reset: bool = False
    """Atari games: press FIRE when an episode begins. Some wait for it, such as Breakout, and an agent that
    never presses it sees a picture that stands still."""
    num_envs: Annotated[int, at_least(1)] = 1
    """Environments that step together. More of them make a run faster; the ratio of learner updates to
    environment steps stays the same."""
    vectorization: Literal["sync", "async", "native"] = "sync"
    """How several environments step: one after another (sync), each in its own process (async), or by the
    environment's own vector implementation (native; CartPole-v1 and the ALE/ games have one)."""
    action_mask: bool = False
    """Read a mask of legal actions from the environment's info ("action_mask"): illegal actions are neither
    taken nor bootstrapped from. A mask in a dict observation is used in any case."""
    rescale: bool = False
    """Rescale observations from their bounds, which must be closer than 1e6, to -1 ... 1. This helps where
    one number is a hundred times smaller than another and as important, such as MountainCar's velocity."""


@dataclass(frozen=True, kw_only=True)
class ExplorationSettings(Settings):
    """How often the agent acts at random, instead of greedily."""

    epsilon_schedule: Literal["linear", "exponential"] = "linear"
    """How the probability of a random action falls from epsilon_begin to epsilon_end."""
    epsilon_begin: Annotated[float, A_SHARE] = 1.0
    """Probability of a random action at the first environment step."""
    epsilon_end: Annotated[float, A_SHARE] = 0.05
    """Probability of a random action at the end of the fall and after it."""
    epsilon_decay: Annotated[float, A_SHARE] = 0.2
    """Share of total_steps (environment steps) that the fall takes."""
    epsilon_spread: Annotated[float, NOT_NEGATIVE] = 0.0
    """Several environments: environment i of N explores with epsilon ** (1 + spread * i / (N - 1)), as in
    Ape-X (7 there). 0 gives all environments the same epsilon."""
    epsilon_repeat: Annotated[float, A_ZETA_EXPONENT] = 0.0
    """Repeat a random action for a number of steps drawn from a zeta distribution with this exponent
    (epsilon-z-greedy; 2 there), which explores further. 0 takes each random action once."""
