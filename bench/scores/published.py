"""Published scores of DQN that ours are compared with, and how each was measured."""

from __future__ import annotations

from typing import Literal, NamedTuple

SB3 = "DQN in [sb3-contrib's documentation](https://sb3-contrib.readthedocs.io/en/master/modules/qrdqn.html)"
ZOO = "DQN in [rl-baselines3-zoo's benchmark](https://github.com/DLR-RM/rl-baselines3-zoo), one run"
MINATAR = "DQN in [Young & Tian, 2019](https://github.com/kenjyoung/MinAtar), read off the figure"


class Published(NamedTuple):
    """The score for one environment, by the last weights.

    Attributes:
        measure: `"evaluation"`, the return with ε = 0 after the training; or `"training"`, the return of the
            training's last 100 episodes with ε = 0.1.
        steps: environment steps of the training.
        mean: mean return over seeds.
        std: standard deviation over seeds; None where only a mean can be read.
        source: who published it, in Markdown.
        later: environment steps and mean of a longer training.
        note: what differs from our environment.
    """

    measure: Literal["evaluation", "training"]
    steps: int
    mean: float
    std: float | None
    source: str
    later: tuple[int, float] | None = None
    note: str = ""

    def __str__(self) -> str:
        figure = f"{self.mean:g}" if self.std is None else f"{self.mean:g} ± {self.std:g}"
        return f"{figure} (at {_steps(self.later[0])}: {self.later[1]:g})" if self.later else figure


def _steps(steps: int) -> str:
    return f"{steps // 1_000_000}M" if steps % 1_000_000 == 0 else f"{steps:,}"


def _minatar(mean: float, later: float, note: str = "") -> Published:
    return Published("training", 1_000_000, mean, None, MINATAR, (5_000_000, later), note)


PUBLISHED: dict[str, Published] = {
    "CartPole-v1": Published("evaluation", 50_000, 500, 0, SB3),
    "Acrobot-v1": Published("evaluation", 100_000, -74, 2, SB3),
    "MountainCar-v0": Published("evaluation", 120_000, -107, 4, SB3),
    "LunarLander-v3": Published("evaluation", 100_000, 195, 28, SB3, note="v2 of the environment"),
    "ALE/Pong-v5": Published(
        "evaluation", 10_000_000, 20.6, None, ZOO, note="NoFrameskip-v4, without sticky actions"
    ),
    "MinAtar/Asterix-v0": _minatar(6.5, 16.8),
    "MinAtar/Breakout-v0": _minatar(9.2, 10.0),
    "MinAtar/Freeway-v0": _minatar(47.6, 50.2),
    "MinAtar/Seaquest-v0": _minatar(1.0, 20.0, "a version with a known bug"),
    "MinAtar/SpaceInvaders-v0": _minatar(32.3, 43.5),
}
