"""Rewards that sentences may be written for.

A reward takes a sentence as text, and returns a number. One that can say what words are worth before the
sentence ends is a `Additive`, too: the environment then pays it word by word, and the whole is the same
(potential-based shaping, Ng et al., 1999).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from dqn_fast.errors import UsageError
from dqn_fast.text import sentences_of

Floats = npt.NDArray[np.float64]

_VOWELS = re.compile(r"[aeiouy]+[^aeiouy]*$")
_NORMAL = 15.0  # VADER's alpha


class Reward(Protocol):
    """What a sentence is worth."""

    def __call__(self, text: str) -> float:
        """Return the reward of a sentence."""
        ...


@runtime_checkable
class Additive(Reward, Protocol):
    """A reward that is about `squash` of a sum over the words."""

    def scores(self, words: Sequence[str]) -> Floats:
        """Return what each word adds to the sum."""
        ...

    def squash(self, total: Any) -> Any:
        """Return about what a sentence is worth whose words have this sum, or each of many sums."""
        ...


class Sentiment:
    """How friendly a sentence is, from -1 to 1: the compound score of VADER (Hutto & Gilbert, 2014).

    It knows English alone.

    Raises:
        UsageError: if the package vaderSentiment is not installed.
    """

    def __init__(self) -> None:
        try:
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
        except ImportError as error:
            raise UsageError(
                "reward: got no package vaderSentiment, expected it: pip install 'dqn_fast[writer]'"
            ) from error
        self._analyzer = SentimentIntensityAnalyzer()

    def __call__(self, text: str) -> float:
        """Return the compound score."""
        return float(self._analyzer.polarity_scores(text)["compound"])

    def scores(self, words: Sequence[str]) -> Floats:
        """Return the valence of each word by itself; negations and the like come at the end."""
        return np.array([self._analyzer.lexicon.get(word, 0.0) for word in words], np.float64)

    def squash(self, total: Any) -> Any:
        """Return VADER's normalisation of a sum of valences."""
        return total / np.sqrt(total * total + _NORMAL)


class Keyword:
    """1 for a sentence with a certain word, and 0 without.

    Args:
        aim: the word.
    """

    def __init__(self, aim: str = "light") -> None:
        self._aim = aim

    def __call__(self, text: str) -> float:
        """Return whether the word is there."""
        return float(self._aim in _words(text))

    def scores(self, words: Sequence[str]) -> Floats:
        """Return 1 for the word."""
        return np.array([word == self._aim for word in words], np.float64)

    def squash(self, total: Any) -> Any:
        """Return whether it was there."""
        return np.minimum(total, 1.0)


class Length:
    """1 for a sentence of so many words, and less for each word more or less.

    Args:
        aim: words of a sentence, at least 1.
    """

    def __init__(self, aim: int = 8) -> None:
        self._aim = aim

    def __call__(self, text: str) -> float:
        """Return 1 - |words - aim| / aim."""
        return float(self.squash(len(_words(text))))

    def scores(self, words: Sequence[str]) -> Floats:
        """Return 1 for each word."""
        return np.ones(len(words))

    def squash(self, total: Any) -> Any:
        """Return 1 - |words - aim| / aim."""
        return 1 - np.abs(total - self._aim) / self._aim


class Rhyme:
    """1 for a sentence whose last word ends like a certain one, as it is spelt, and is another; else 0.

    Args:
        aim: the word.
    """

    def __init__(self, aim: str = "day") -> None:
        self._aim = aim

    def __call__(self, text: str) -> float:
        """Return whether they rhyme."""
        last = (_words(text) or [""])[-1]
        return float(last != self._aim and _ending(last) == _ending(self._aim))


def _words(text: str) -> list[str]:
    return [word for sentence in sentences_of(text).sentences for word in sentence]


def _ending(word: str) -> str:
    found = _VOWELS.search(word)
    return found[0] if found else word
