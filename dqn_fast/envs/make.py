"""Makes environments for DQN: one, or many of a kind that step together."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import AsyncVectorEnv, AutoresetMode

from dqn_fast.envs.action_mask import ActionMaskObservation
from dqn_fast.envs.adapters import from_zero, rescaled, without_parts
from dqn_fast.envs.by_id import many_by_id, one_by_id
from dqn_fast.envs.checked import checked
from dqn_fast.envs.episodes import SeededEpisodes
from dqn_fast.envs.errors_in_infos import ErrorsInInfos
from dqn_fast.envs.random_states import seed_process
from dqn_fast.envs.serial import SerialEnvironments
from dqn_fast.envs.snapshots import AnyVectorEnv, EpisodeSnapshots, NoSnapshots, PickleSnapshots
from dqn_fast.envs.step import Environments
from dqn_fast.envs.vector import VectorEnvironments
from dqn_fast.errors import SettingError, UsageError

Vectorization = Literal["sync", "async", "native"]
Wrapper = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]


def make_env(
    env_id: str,
    render_mode: str | None = None,
    *,
    action_mask: bool = False,
    rescale: bool = False,
    env_kwargs: Mapping[str, Any] | None = None,
    wrapper: Wrapper | None = None,
    ignore_observation: Sequence[str] = (),
    fire_on_reset: bool = False,
) -> gym.Env[Any, Any]:
    """Return a new environment with actions 0 ... n - 1, for evaluation and video.

    Atari games (`ALE/...`) get DQN's preprocessing, and MinAtar's games are registered if MinAtar is
    installed. Everything that the environment gives is checked (`CheckedEnv`), so a policy sees the same as
    in training. Tuples in observations become dicts with the keys "0", "1" and so on.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        render_mode: Gymnasium's, such as "rgb_array"; None does not render.
        action_mask: put the mask of legal actions from the environment's infos into the observation, by
            `ActionMaskObservation`. Dict observations that have a mask do not need this.
        rescale: rescale observations, a Box with bounds closer than 1e6, to float32 from -1 to 1.
        env_kwargs: of the environment itself.
        wrapper: called with the environment, before anything else here but the preprocessing of games;
            returns it wrapped.
        ignore_observation: keys of a dict observation that are left out; of a tuple, their numbers from 0.
        fire_on_reset: Atari games: press FIRE when an episode begins.

    Raises:
        UsageError: if there is no such environment, a package that it needs is missing, it does not take
            these arguments, or its actions are not Discrete.
    """
    # Not every environment has a render mode to set.
    rendering = {} if render_mode is None else {"render_mode": render_mode}
    env = one_by_id(env_id, {**(env_kwargs or {}), **rendering}, fire_on_reset=fire_on_reset)
    with _misfits_as_usage_errors(env_id, env):
        if wrapper is not None:
            env = _wrapped(env, wrapper)
        if ignore_observation:
            env = without_parts(env, ignore_observation)
        env = checked(from_zero(env))
        if rescale:
            env = rescaled(env)
        if action_mask:
            env = ActionMaskObservation(env)
            env.reset()  # refuses one without masks now
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
    wrapper: Wrapper | None = None,
    ignore_observation: Sequence[str] = (),
    fire_on_reset: bool = False,
) -> Environments:
    """Return environments to train in.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        num_envs: how many, at least 1.
        seed: of everything random in them.
        vectorization: "sync" steps one after another in this process, "async" runs each in its own process,
            and "native" is the environment's own vector implementation (CartPole and Atari have one), which
            is the quickest. The same seed gives the same episodes with "sync" and "async".
        action_mask: see `make_env`.
        rescale: see `make_env`.
        env_kwargs: of each environment itself.
        wrapper: see `make_env`; with "async" it is called in each process.
        ignore_observation: see `make_env`.
        fire_on_reset: see `make_env`.

    Raises:
        UsageError: if `make_env` would raise one, or the environment has no vector implementation.
        SettingError: if `num_envs` is below 1, or "native" comes with an argument that is for single
            environments.
    """
    if num_envs < 1:
        raise SettingError("num_envs", num_envs, "at least 1")
    make = partial(
        make_env,
        env_id,
        action_mask=action_mask,
        rescale=rescale,
        env_kwargs=env_kwargs,
        wrapper=wrapper,
        ignore_observation=ignore_observation,
        fire_on_reset=fire_on_reset,
    )
    if vectorization == "sync":
        envs = [make() for _ in range(num_envs)]
        with _misfits_as_usage_errors(env_id, *envs):
            return SerialEnvironments(envs, seed)
    if vectorization == "async":
        main = os.getpid()
        workers = [partial(_make_worker, make, seed, env_index, main) for env_index in range(num_envs)]
        # Forked processes know the ids that a script registered, and need not import PyTorch again.
        context = "fork" if sys.platform == "linux" else None
        vector_env = AsyncVectorEnv(workers, context=context, autoreset_mode=AutoresetMode.SAME_STEP)
        return VectorEnvironments(vector_env, None, EpisodeSnapshots())
    only_for_one = {
        "action_mask": action_mask,
        "rescale": rescale,
        "wrapper": wrapper,
        "ignore_observation": ignore_observation,
    }
    for name, asked in only_for_one.items():
        if asked:
            raise SettingError("vectorization", "'native'", f"sync or async with {name}")
    return _native(env_id, many_by_id(env_id, num_envs, env_kwargs or {}, fire_on_reset=fire_on_reset), seed)


def _wrapped(env: gym.Env[Any, Any], wrapper: Wrapper) -> gym.Env[Any, Any]:
    wrapped = wrapper(env)
    if not isinstance(wrapped, gym.Env):
        raise TypeError(f"wrapper: got {type(wrapped).__name__}, expected it to return a gymnasium.Env")
    return wrapped


def _make_worker(make: partial[gym.Env[Any, Any]], seed: int, env_index: int, main: int) -> ErrorsInInfos:
    # Ctrl-C reaches every process of a terminal, but only the main one handles it. (The main process makes
    # one environment, too, for its spaces.)
    if os.getpid() != main:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # All forked processes have copies of the same generators.
        seed_process(int(np.random.SeedSequence([seed, env_index]).generate_state(1, np.uint64)[0]))
    return ErrorsInInfos(SeededEpisodes(make(), seed, env_index))


def _native(env_id: str, vector_env: AnyVectorEnv, seed: int) -> VectorEnvironments:
    # Its attributes are its whole state. Exactly this class: a subclass may have more.
    exact = type(vector_env.unwrapped) is CartPoleVectorEnv
    with _misfits_as_usage_errors(env_id, vector_env):
        return VectorEnvironments(vector_env, seed, PickleSnapshots() if exact else NoSnapshots())


@contextmanager
def _misfits_as_usage_errors(env_id: str, *envs: gym.Env[Any, Any] | AnyVectorEnv) -> Iterator[None]:
    """Turn an error about the environments' spaces into a UsageError, and close the environments."""
    try:
        yield
    except (TypeError, ValueError) as error:
        for env in envs:
            env.close()
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{env_id} does not fit: {error}") from error
