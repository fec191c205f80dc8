"""One game: the hidden word, the guesses so far, and what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from dqn_fast.tasks.wordle.rules import ALPHABET, Rules, squares
from dqn_fast.tasks.wordle.word_list import LETTERS

GUESSES = 6
# Values of what an observation holds: each letter at each place, and the guesses.
SEEN = [4] * (LETTERS * len(ALPHABET)) + [GUESSES + 1]
_PLACES = np.arange(LETTERS) * len(ALPHABET)


class Game:
    """A game with one hidden word.

    What was seen is one number for each place and letter: 0 if that was not guessed there, else its colour.
    With the number of guesses this is all that the game tells; which words fit follows from it.

    Args:
        rules: of the words.
        hidden: index of the hidden word.

    Attributes:
        fits: which words may still be the hidden one, bool (A,).
        guesses: indices of the words guessed so far; None where a guess was no word.
        solved: whether the last one was right.
    """

    def __init__(self, rules: Rules, hidden: int) -> None:
        self.rules = rules
        self.hidden = hidden
        self.fits = np.ones(len(rules.words), np.bool_)
        self.guesses: list[int | None] = []
        self.solved = False
        self._seen = np.zeros(LETTERS * len(ALPHABET), np.int8)
        self._left: list[int] = []  # words that fitted after each guess

    @property
    def is_over(self) -> bool:
        """Whether it is solved, or the last guess was made."""
        return self.solved or len(self.guesses) == GUESSES

    def guess(self, word: int | None) -> None:
        """Guess the word of an index; None is no word of the list: it is a guess less, and says nothing."""
        self.guesses.append(word)
        if word is not None:
            rules = self.rules
            self._seen[_PLACES + rules.letters[word]] = rules.colors[word, self.hidden]
            self.fits &= rules.codes[word] == rules.codes[word, self.hidden]
            self.solved = word == self.hidden
        self._left.append(int(self.fits.sum()))

    def observation(self) -> npt.NDArray[np.int8]:
        """Return what was seen and the number of guesses, (131,); see `observation_space`."""
        return np.append(self._seen, np.int8(len(self.guesses)))

    def transcript(self) -> str:
        """Return the guesses so far with their colours, and how many words fitted after each."""
        rules = self.rules
        lines = [f"hidden: {rules.words[self.hidden]}"]
        for word, left in zip(self.guesses, self._left, strict=True):
            if word is None:
                lines.append("(no word of the list)")
                continue
            fitting = "" if word == self.hidden else f"  {left} fit" if left > 1 else "  1 fits"
            lines.append(f"{rules.words[word]} {squares(rules.colors[word, self.hidden].tolist())}{fitting}")
        if self.is_over:
            lines.append(f"solved with guess {len(self.guesses)}" if self.solved else "not solved")
        return "\n".join(lines)


def observation_space() -> spaces.Space[npt.NDArray[np.int8]]:
    """Return the space of `Game.observation`: 5 places x 26 letters with 4 values, guesses from 0 to 6."""
    return small_numbers(SEEN)


def small_numbers(counts: list[int]) -> spaces.Space[npt.NDArray[np.int8]]:
    """Return the space of as many int8 numbers, each from 0 to below its count."""
    dtype: Any = np.int8  # Gymnasium's annotation knows int64 alone
    space: spaces.Space[Any] = spaces.MultiDiscrete(counts, dtype=dtype)
    return space
