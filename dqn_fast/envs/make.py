"""Environments as DQN wants them: one, or many of a kind that step together."""

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
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import AsyncVectorEnv, AutoresetMode

from dqn_fast.envs.action_mask import ActionMaskObservation
from dqn_fast.envs.adapters import from_zero, rescaled
from dqn_fast.envs.by_id import many_by_id, one_by_id
from dqn_fast.envs.checked import checked
from dqn_fast.envs.episodes import SeededEpisodes
from dqn_fast.envs.random_states import seed_process
from dqn_fast.envs.serial import SerialEnvironments
from dqn_fast.envs.snapshots import AnyVectorEnv, EpisodeSnapshots, NoSnapshots, PickleSnapshots
from dqn_fast.envs.step import Environments
from dqn_fast.envs.told_errors import ToldErrors
from dqn_fast.envs.vector import VectorEnvironments
from dqn_fast.errors import SettingError, UsageError

Vectorization = Literal["sync", "async", "native"]


def make_env(
    env_id: str,
    render_mode: str | None = None,
    *,
    action_mask: bool = False,
    rescale: bool = False,
    env_kwargs: Mapping[str, Any] | None = None,
) -> gym.Env[Any, Any]:
    """Return a new environment with actions 0 ... n - 1, for evaluation and video.

    Atari games (`ALE/...`) get DQN's preprocessing, and MinAtar's are registered if they are installed. What
    the environment gives is checked (`CheckedEnv`): a policy sees here what it was trained with. Observations
    that are tuples become dicts, with the keys "0", "1" and so on.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        render_mode: Gymnasium's, such as "rgb_array"; None does not render.
        action_mask: make the mask of legal actions in the environment's infos a part of the observation, as
            `ActionMaskObservation` does. Environments whose dict observations have one don't need this.
        rescale: give observations, which must be a Box with bounds closer than 1e6, as float32 from -1 to 1.
        env_kwargs: of the environment itself.

    Raises:
        UsageError: there is no such environment, something that it needs isn't installed, it doesn't take
            these arguments, or its actions are not Discrete. (A network says which observations it takes.)
    """
    # Not every environment has a render mode to set.
    rendering = {} if render_mode is None else {"render_mode": render_mode}
    env = one_by_id(env_id, {**rendering, **(env_kwargs or {})})
    with _fitting(env_id, env):
        env = checked(from_zero(env))
        if rescale:
            env = rescaled(env)
        if action_mask:
            env = ActionMaskObservation(env)
            env.reset()  # so that one without masks is refused now
        return checked(env)


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
        raise SettingError("num_envs", num_envs, "at least 1")
    make = partial(make_env, env_id, action_mask=action_mask, rescale=rescale, env_kwargs=env_kwargs)
    if vectorization == "sync":
        envs = [make() for _ in range(num_envs)]
        with _fitting(env_id, *envs):
            return SerialEnvironments(envs, seed)
    if vectorization == "async":
        main = os.getpid()
        workers = [partial(_make_worker, make, seed, stream, main) for stream in range(num_envs)]
        # Forked processes know the ids that a script has registered, and don't import PyTorch again.
        context = "fork" if sys.platform == "linux" else None
        vector_env = AsyncVectorEnv(workers, context=context, autoreset_mode=AutoresetMode.SAME_STEP)
        return VectorEnvironments(vector_env, None, EpisodeSnapshots())
    for name, asked in (("action_mask", action_mask), ("rescale", rescale)):
        if asked:
            raise SettingError("vectorization", "'native'", f"sync or async with {name}")
    return _make_native(env_id, num_envs, seed, env_kwargs or {})


def _make_worker(make: partial[gym.Env[Any, Any]], seed: int, stream: int, main: int) -> ToldErrors:
    # Ctrl-C reaches every process of a terminal, but only the main one decides what to do about it. (One
    # environment is made there, too, for its spaces.)
    if os.getpid() != main:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A forked process has a copy of the main one's generators, as all others do.
        seed_process(int(np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0]))
    return ToldErrors(SeededEpisodes(make(), seed, stream))


def _make_native(env_id: str, num_envs: int, seed: int, env_kwargs: Mapping[str, Any]) -> VectorEnvironments:
    vector_env = many_by_id(env_id, num_envs, env_kwargs)
    # Its attributes are all that it has; exactly this class, since a derived one may have more.
    exact = type(vector_env.unwrapped) is CartPoleVectorEnv
    with _fitting(env_id, vector_env):
        return VectorEnvironments(vector_env, seed, PickleSnapshots() if exact else NoSnapshots())


@contextmanager
def _fitting(env_id: str, *envs: gym.Env[Any, Any] | AnyVectorEnv) -> Iterator[None]:
    """Close the environments if it turns out that their spaces are not what is wanted, and say so."""
    try:
        yield
    except (TypeError, ValueError) as error:
        for env in envs:
            env.close()
        raise UsageError(f"{env_id} does not fit: {error}") from error
