"""Actions that are words: a sentence is written one word at a time, and one of them ends it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces


class WordActions(spaces.Discrete):
    """Discrete actions from 0, each a word; the first one ends the sentence.

    Observations of such an environment are a dict: "word" is the word before, Discrete like the actions, and
    0 before the first one; "count" is the number of words so far, Discrete; "so_far" is what they are worth,
    float32 `(1,)`. A language model reads the first two.

    Args:
        words: by their actions; that of the end is empty.
        least: fewest words before the end.
        joint: what stands between two words of a text.
        seed: of `sample`, as Gymnasium's spaces take it.

    Raises:
        ValueError: if there is no word beside the end.
    """

    def __init__(
        self,
        words: Sequence[str],
        least: int,
        joint: str = " ",
        seed: int | np.random.Generator | None = None,
    ) -> None:
        if len(words) < 2:
            raise ValueError(f"words: got {len(words)}, expected an end of the sentence and a word at least")
        super().__init__(len(words), seed=seed)
        self.words = tuple(words)
        self.least = least
        self.joint = joint

    def digest(self) -> bytes:
        """Return 32 bytes that tell one vocabulary from another."""
        return hashlib.sha256("\n".join(self.words).encode()).digest()

    def __eq__(self, other: Any) -> bool:
        """Return whether `other` has the same words."""
        return (
            isinstance(other, WordActions)
            and bool(super().__eq__(other))
            and (self.words, self.least, self.joint) == (other.words, other.least, other.joint)
        )

    def __repr__(self) -> str:
        return f"WordActions({len(self.words):,} words)"
