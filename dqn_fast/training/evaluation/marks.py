"""What people's marks say of an agent: their mean, and how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dqn_fast.training.run_folder.layout import MODEL, RATINGS
from dqn_fast.training.run_folder.model import digest_of
from dqn_fast.training.run_folder.ratings import Rating, rated_texts, read_ratings

_RESAMPLES = 10_000
_LEVEL = 0.95  # of the interval


class Marks(NamedTuple):
    """The marks of an agent's texts.

    Attributes:
        texts: number of texts.
        mean: over the texts.
        low, high: of the 95 % interval of the mean, by the bootstrap over texts (Efron, 1979).
    """

    texts: int
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.texts == 0:
            return "no marks"
        interval = f" ({self.low:.2f} to {self.high:.2f})" if self.texts > 1 else ""
        return f"mean mark {self.mean:.2f}{interval} of {self.texts} text{'s' * (self.texts > 1)}"


def given(folder: Path, epsilon: float) -> list[Rating]:
    """Return the marks that the present model of a run got for texts with these random actions.

    Raises:
        UsageError: if the folder has no model, or its marks cannot be read.
    """
    path = folder / RATINGS
    agent = digest_of(folder / MODEL)
    ratings = read_ratings(path) if path.exists() else []
    return [one for one in ratings if (one.agent, one.epsilon) == (agent, epsilon)]


def marks_of(folder: Path, epsilon: float = 0.0) -> Marks:
    """Return mean and interval of the marks that `given` returns; equal files always give the same.

    Raises:
        UsageError: if `given` raises it.
    """
    marks = np.array([one.mark for one in rated_texts(given(folder, epsilon))])
    if not len(marks):
        return Marks(0, np.nan, np.nan, np.nan)
    drawn = np.random.default_rng(0).integers(len(marks), size=(_RESAMPLES, len(marks)))
    low, high = np.quantile(marks[drawn].mean(1), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Marks(len(marks), float(marks.mean()), float(low), float(high))
