"""Makes Gymnasium's environments by their id; every failure is one readable line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

import gymnasium as gym

from dqn_fast.envs import atari, minatar
from dqn_fast.envs.old_api import ADVICE
from dqn_fast.envs.snapshots import AnyVectorEnv
from dqn_fast.errors import SettingError, UsageError

# Namespaces of ids that another package registers: how, and how to install it.
_PACKAGES: dict[str, tuple[Callable[[], object], str]] = {
    "dqn_fast": (partial(import_module, "dqn_fast.tasks"), "pip install 'dqn_fast[agent]'"),
    "ALE": (atari.register, "pip install ale-py opencv-python-headless"),
    "MinAtar": (minatar.register, "pip install minatar"),
}


def one_by_id(env_id: str, kwargs: Mapping[str, Any], *, fire_on_reset: bool = False) -> gym.Env[Any, Any]:
    """Return one environment; Atari and MinAtar get their preprocessing.

    Args:
        env_id: Gymnasium's id, `module:id` to import a module first.
        kwargs: of the environment itself.
        fire_on_reset: Atari games: press FIRE when an episode begins.

    Raises:
        SettingError: if `fire_on_reset` is for another environment.
        UsageError: if there is no such environment, a package that it needs is missing, or it does not take
            `kwargs`.
    """
    with _as_usage_error(env_id, kwargs):
        namespace = _register(env_id)
        if namespace == "ALE":
            return atari.make_game(env_id, fire_on_reset=fire_on_reset, **kwargs)
        _refuse_fire(env_id, fire_on_reset)
        if namespace == "MinAtar":
            return minatar.make_game(env_id, **kwargs)
        env: gym.Env[Any, Any] = gym.make(env_id, disable_env_checker=True, **kwargs)
        return env


def many_by_id(
    env_id: str, num_envs: int, kwargs: Mapping[str, Any], *, fire_on_reset: bool = False
) -> AnyVectorEnv:
    """Return an environment's own vector implementation.

    Args:
        env_id: as in `one_by_id`.
        num_envs: how many environments, at least 1.
        kwargs: as in `one_by_id`.
        fire_on_reset: as in `one_by_id`.

    Raises:
        UsageError: if `one_by_id` would raise one, or there is no vector implementation.
    """
    with _as_usage_error(env_id, kwargs):
        defaults: dict[str, Any] = {}
        if _register(env_id) == "ALE":
            defaults = {**atari.VECTOR_KWARGS, "use_fire_reset": fire_on_reset}
        else:
            _refuse_fire(env_id, fire_on_reset)
        return gym.make_vec(
            env_id, num_envs, vectorization_mode="vector_entry_point", **{**defaults, **kwargs}
        )


def _refuse_fire(env_id: str, fire_on_reset: bool) -> None:
    if fire_on_reset:
        raise SettingError("fire_on_reset", f"True for {env_id}", "an Atari game, such as ALE/Breakout-v5")


def _namespace(env_id: str) -> str:
    name = env_id.rpartition(":")[2]
    return name.partition("/")[0] if "/" in name else ""


def _register(env_id: str) -> str:
    namespace = _namespace(env_id)
    if namespace in _PACKAGES:
        _PACKAGES[namespace][0]()
    return namespace


def _refuse_odd_module(env_id: str) -> None:
    module, colon, name = env_id.rpartition(":")
    if colon and not (name and all(part.isidentifier() for part in module.split("."))):
        raise UsageError(f"env_id: got {env_id!r}, expected an id, or the id behind a module, as module:id")


@contextmanager
def _refuse_old_classes(env_id: str) -> Iterator[None]:
    try:
        yield
    except TypeError as error:
        if not str(error).startswith(("The environment must inherit from", "Gym is incompatible")):
            raise
        raise UsageError(
            f"env_id: got {env_id!r}, expected an environment of the class gymnasium.Env;"
            f" if its class is of gym, {ADVICE}"
        ) from error


@contextmanager
def _as_usage_error(env_id: str, kwargs: Mapping[str, Any]) -> Iterator[None]:
    _refuse_odd_module(env_id)
    # Environments refuse arguments with any kind of error.
    kinds = (gym.error.Error, ImportError, *((TypeError, ValueError) if kwargs else ()))
    try:
        with _refuse_old_classes(env_id):
            yield
    except UsageError:
        raise
    except kinds as error:
        reason = " ".join(str(error).split())
        missing = isinstance(error, ImportError | gym.error.DependencyNotInstalled)
        if missing and _namespace(env_id) in _PACKAGES:
            reason += f": {_PACKAGES[_namespace(env_id)][1]}"
        raise UsageError(f"cannot make the environment {env_id!r}: {reason}") from error
