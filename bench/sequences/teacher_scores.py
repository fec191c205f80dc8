"""Returns of the tutor's teachers, to compare agents with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dqn_fast.tasks.tutor import FullInformation, MasteryThreshold, RandomTeacher, RoundRobin, Tutor

TEACHERS: dict[str, Callable[[Tutor], Callable[[Any], int]]] = {
    "random": RandomTeacher,
    "round robin": RoundRobin,
    "mastery threshold 0.95": MasteryThreshold,
    "mastery threshold 0.9": partial(MasteryThreshold, threshold=0.9),
    "full information": FullInformation,
}


def mean_return(teacher: Callable[[Tutor], Callable[[Any], int]], pupils: int = 2_000) -> float:
    """Return the mean over pupils, the same for every teacher."""
    env, total = Tutor(), 0.0
    for seed in range(pupils):
        obs, _ = env.reset(seed=seed)
        choose, terminated = teacher(env), False
        while not terminated:
            obs, reward, terminated, _, _ = env.step(choose(obs))
            total += reward
    return total / pupils


def teachers_in_words(agents: dict[str, list[float]]) -> str:
    """Return the teachers' returns, and which share of the gap to full information each agent closes.

    Args:
        agents: returns of the seeds of each agent, by its name.
    """
    scores = {name: mean_return(teacher) for name, teacher in TEACHERS.items()}
    *_, usual, best, full = scores.values()
    lines = [
        "Teachers of the tutor, over 2,000 pupils:",
        ", ".join(f"{name} {score:.3f}" for name, score in scores.items()) + ".",
    ]
    for name, returns in agents.items():
        usual_share, best_share = (
            f"{(np.mean(returns) - below) / (full - below):.0%}" if np.mean(returns) > below else "none"
            for below in (usual, best)
        )
        lines.append(
            f"Of the gap between a threshold of 0.95 and full information, {name} closes {usual_share};"
            f" of that from 0.9, {best_share}."
        )
    return "\n".join(lines)
