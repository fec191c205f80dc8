"""Environments of the API before Gymnasium 0.26: recognised by their behaviour, and refused with advice."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from dqn_fast.envs.arrays import brief
from dqn_fast.envs.errors import MisfitError
from dqn_fast.errors import UsageError

ADVICE = (
    "this is the API before Gymnasium 0.26: wrap the environment,"
    " by shimmy's GymV21CompatibilityV0 or a wrapper of your own"
)
"""Said to users of such an environment."""

_RESET = "reset(*, seed=None, options=None) to return (observation, info)"
_STEP = "(observation, reward, terminated, truncated, info)"


def reset_parts(env: Any, seed: int | None, options: dict[str, Any] | None) -> tuple[Any, Any]:
    """Reset an environment; return observation and info.

    Raises:
        MisfitError: if it takes no seed or no options, or returns something else.
    """
    try:
        result = env.reset(seed=seed, options=options)
    except TypeError as error:
        missing = _missing(env)
        if missing and "unexpected keyword argument" in str(error):
            raise MisfitError(f"reset: got no argument {missing}, expected {_RESET}: {ADVICE}") from error
        raise
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping | None):
        return result
    raise MisfitError(f"reset: got {brief(result)}, expected {_RESET}: {ADVICE}")


def explain_step(error: Exception) -> None:
    """Raise a MisfitError if `error` comes from what a step returned, and not from within the step."""
    text = str(error)
    if "unpack" not in text or isinstance(error, UsageError):
        return
    if "expected 5, got 4" in text:
        raise MisfitError(f"step: got four values, expected {_STEP}: {ADVICE}") from error
    if _raised_by_caller(error):
        raise MisfitError(f"step: got something else, expected {_STEP}: {text}") from error


def _missing(env: Any) -> str | None:
    """Return the argument that the reset of the environment, or of a wrapper around it, does not take."""
    parameters = inspect.signature(env.reset).parameters
    if all(parameter.kind is not inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        for name in ("seed", "options"):
            if name not in parameters:
                return name
    return _missing(env.env) if isinstance(env, gym.Wrapper) else None


def _raised_by_caller(error: Exception) -> bool:
    """Return whether an error was raised here or in a wrapper of Gymnasium, not by the environment's code."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = str(trace.tb_frame.f_globals.get("__name__")) if trace else ""
    return name.startswith(("dqn_fast.", "gymnasium.")) and not name.startswith("gymnasium.envs.")
