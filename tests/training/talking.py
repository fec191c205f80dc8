"""A tiny environment that tells its episodes in words, and texts of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from training.tiny import Tiny

from dqn_fast.training import TrainConfig
from dqn_fast.training.parts.envs import environment_of
from dqn_fast.training.run_folder.ratings import Rating, Text, append_rating


class Talking(Tiny):
    """Names the places where it was."""

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        obs, info = super().reset(**options)
        self.places = [self.place]
        return obs, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        result = super().step(action)
        self.places.append(self.place)
        return result

    def transcript(self) -> str:
        return f"places {' '.join(map(str, self.places))}"


TALKING = TrainConfig(
    "Talking-v0",
    total_steps=600,
    learning_starts=100,
    hidden_sizes=(16,),
    batch_size=16,
    log_period=30,
    checkpoint_period=90,
    selection_period=0,
    eval_episodes=3,
)


def text_of(places: list[int]) -> Text:
    """Return the text of a walk."""
    action = np.diff(places) > 0
    return Text(
        f"places {' '.join(map(str, places))}",
        np.array(places, np.float32)[:, None],
        action.astype(np.int64),
        (np.array(places[1:]) >= 5).astype(np.float64),
        places[-1] >= 5,
    )


WALKS = [[1, 2, 3, 4, 5], [0, 1, 0, 1, 2, 3, 4, 5], [0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 2]]


def rate_walks(
    path: Path, *marks: tuple[int, list[int]], rater: str = "", config: TrainConfig = TALKING
) -> None:
    """Append a mark for each walk to a file."""
    for mark, places in marks:
        append_rating(path, Rating(mark, rater, "weights", 0.0, environment_of(config), text_of(places)))
