"""Environments by their Gymnasium id, with errors that a person can read."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.wrappers import DtypeObservation, RescaleObservation, TransformAction

from dqn_fast.agent import make_q_net
from dqn_fast.envs import atari, minatar
from dqn_fast.envs.action_mask import ActionMaskObservation
from dqn_fast.envs.episodes import SeededEpisodes
from dqn_fast.envs.random_states import seed_process
from dqn_fast.envs.serial import SerialEnvironments
from dqn_fast.envs.snapshots import EpisodeSnapshots, NoSnapshots, PickleSnapshots
from dqn_fast.envs.step import Environments
from dqn_fast.envs.vector import VectorEnvironments
from dqn_fast.errors import UsageError

Vectorization = Literal["sync", "async", "native"]

# How far apart the bounds of an observation that is rescaled may be.
_WIDEST = 1e6

# What a namespace of ids needs, beside Gymnasium: how it is registered, and installed.
_PACKAGES = {
    "ALE": (atari.register, "pip install ale-py opencv-python-headless"),
    "MinAtar": (minatar.register, "pip install minatar"),
}


def make_env(
    env_id: str,
    render_mode: str | None = None,
    *,
    action_mask: bool = False,
    rescale: bool = False,
    env_kwargs: Mapping[str, Any] | None = None,
) -> gym.Env[Any, Any]:
    """Return a new environment with actions 0 ... n - 1, for evaluation and video.

    Atari games (`ALE/...`) get DQN's preprocessing, and MinAtar's are registered if they are installed.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        render_mode: Gymnasium's, such as "rgb_array"; None does not render.
        action_mask: make the mask of legal actions in the environment's infos a part of the observation, as
            `ActionMaskObservation` does. Environments whose dict observations have one don't need this.
        rescale: give observations, which must be a Box with bounds closer than 1e6, as float32 from -1 to 1.
        env_kwargs: of the environment itself.

    Raises:
        UsageError: there is no such environment, something that it needs isn't installed, it doesn't take
            these arguments, or its spaces are not for DQN.
    """
    # Not every environment has a render mode to set.
    rendering = {} if render_mode is None else {"render_mode": render_mode}
    kwargs = {**rendering, **(env_kwargs or {})}
    with _readable_errors(env_id, kwargs):
        env = _make(env_id, **kwargs)
    try:
        env = _from_zero(env)
        if rescale:
            env = _rescaled(env)
        if action_mask:
            env = ActionMaskObservation(env)
            env.reset()  # so that one without masks is refused now
        _check_spaces(env.observation_space, env.action_space)
    except (TypeError, ValueError) as error:
        env.close()
        raise UsageError(f"{env_id} does not fit: {error}") from error
    return env


def make_environments(
    env_id: str,
    num_envs: int,
    seed: int,
    *,
    vectorization: Vectorization = "sync",
    action_mask: bool = False,
    rescale: bool = False,
    env_kwargs: Mapping[str, Any] | None = None,
) -> Environments:
    """Return environments to train in.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        num_envs: how many, at least 1.
        seed: of everything random in them.
        vectorization: "sync" steps one after the other in this process, "async" has a process for each, and
            "native" is the environment's own vector implementation (CartPole and Atari have one), which is
            the quickest. With "sync" and "async" the same seed gives the same episodes.
        action_mask: see `make_env`.
        rescale: likewise.
        env_kwargs: of each environment itself.

    Raises:
        UsageError: as `make_env` does, or the environment has no vector implementation.
    """
    if num_envs < 1:
        raise UsageError(f"num_envs is {num_envs}, expected at least 1")
    make = partial(make_env, env_id, action_mask=action_mask, rescale=rescale, env_kwargs=env_kwargs)
    if vectorization == "sync":
        return SerialEnvironments([make() for _ in range(num_envs)], seed)
    if vectorization == "async":
        main = os.getpid()
        workers = [partial(_make_worker, make, seed, stream, main) for stream in range(num_envs)]
        # Forked processes know the ids that a script has registered, and don't import PyTorch again.
        context = "fork" if sys.platform == "linux" else None
        vector_env = AsyncVectorEnv(workers, context=context, autoreset_mode=AutoresetMode.SAME_STEP)
        return VectorEnvironments(vector_env, None, EpisodeSnapshots())
    for name, asked in (("action_mask", action_mask), ("rescale", rescale)):
        if asked:
            raise UsageError(f"vectorization is native, expected sync or async with {name}")
    return _make_native(env_id, num_envs, seed, env_kwargs)


def _make(env_id: str, **env_kwargs: Any) -> gym.Env[Any, Any]:
    namespace = _register(env_id)
    if namespace == "ALE":
        return atari.make_game(env_id, **env_kwargs)
    if namespace == "MinAtar":
        return minatar.make_game(env_id, **env_kwargs)
    env: gym.Env[Any, Any] = gym.make(env_id, disable_env_checker=True, **env_kwargs)
    return env


def _make_worker(make: partial[gym.Env[Any, Any]], seed: int, stream: int, main: int) -> SeededEpisodes:
    # Ctrl-C reaches every process of a terminal, but only the main one decides what to do about it. (One
    # environment is made there, too, for its spaces.)
    if os.getpid() != main:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A forked process has a copy of the main one's generators, as all others do.
        seed_process(int(np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0]))
    return SeededEpisodes(make(), seed, stream)


def _make_native(
    env_id: str, num_envs: int, seed: int, env_kwargs: Mapping[str, Any] | None
) -> VectorEnvironments:
    with _readable_errors(env_id, env_kwargs):
        defaults = atari.VECTOR_KWARGS if _register(env_id) == "ALE" else {}
        vector_env = gym.make_vec(
            env_id, num_envs, vectorization_mode="vector_entry_point", **{**defaults, **(env_kwargs or {})}
        )
    # Its attributes are all that it has; exactly this class, since a derived one may have more.
    exact = type(vector_env.unwrapped) is CartPoleVectorEnv
    try:
        environments = VectorEnvironments(vector_env, seed, PickleSnapshots() if exact else NoSnapshots())
        _check_spaces(environments.observation_space, environments.action_space)
    except TypeError as error:
        vector_env.close()
        raise UsageError(f"{env_id} does not fit: {error}") from error
    return environments


def _namespace(env_id: str) -> str:
    name = env_id.rpartition(":")[2]
    return name.partition("/")[0] if "/" in name else ""


def _register(env_id: str) -> str:
    namespace = _namespace(env_id)
    if namespace in _PACKAGES:
        _PACKAGES[namespace][0]()
    return namespace


@contextmanager
def _readable_errors(env_id: str, env_kwargs: Mapping[str, Any] | None) -> Iterator[None]:
    # Environments complain about arguments with any kind of error.
    kinds = (gym.error.Error, ImportError, *((TypeError, ValueError) if env_kwargs else ()))
    try:
        yield
    except kinds as error:
        reason = " ".join(str(error).split())
        missing = isinstance(error, ImportError | gym.error.DependencyNotInstalled)
        if missing and _namespace(env_id) in _PACKAGES:
            reason += f": {_PACKAGES[_namespace(env_id)][1]}"
        raise UsageError(f"cannot make the environment {env_id!r}: {reason}") from error


def _rescaled(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    space = env.observation_space
    if not isinstance(space, spaces.Box) or not space.is_bounded():
        raise TypeError(f"the observation space is {space}, expected a Box with finite bounds to rescale")
    if not (space.low < space.high).all():
        raise TypeError(f"the observation space is {space}, expected low below high everywhere to rescale")
    # Some environments say "the largest float" for "no bounds": all else would become nearly 0.
    if not (space.high.astype(np.float64) - space.low < _WIDEST).all():
        raise TypeError(
            f"the observation space is {space}, expected bounds closer than {_WIDEST:g} to rescale"
        )
    return RescaleObservation(DtypeObservation(env, np.float32), np.float32(-1), np.float32(1))


def _from_zero(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    space = env.action_space
    if not isinstance(space, spaces.Discrete):
        raise TypeError(f"the action space is {space}, expected Discrete")
    if space.start == 0 and space.dtype == np.int64:
        return env
    # Environments check that an action is of their space's type.
    start, kind = int(space.start), space.dtype.type
    return TransformAction(env, lambda action: kind(int(action) + start), spaces.Discrete(int(space.n)))


def _check_spaces(observation_space: spaces.Space[Any], action_space: spaces.Space[Any]) -> None:
    # What fits is what a network can be made for; this one is thrown away.
    make_q_net(observation_space, action_space, (), torch.Generator())
