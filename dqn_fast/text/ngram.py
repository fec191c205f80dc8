"""A judge of sentences: an n-gram model, which is as unlike a neural one as a model can be."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from dqn_fast.text.measures import perplexity

_UNKNOWN = ""
_START, _STOP = "<", ">"  # no word has them


class NGrams:
    """Predicts a word by the n - 1 words before, in the interpolation of Witten & Bell (1991).

    p(w | h) = (c(h w) + d(h) p(w | shorter h)) / (c(h) + d(h)), where c counts, and d(h) is the number of
    different words behind h. The shortest is uniform over the vocabulary. A history that was never seen
    leaves it to the shorter one. Words that are not in the vocabulary count as one.

    Args:
        sentences: to learn from; the words of each.
        vocabulary: words to predict; the end of a sentence and unknown words come on top.
        n: words of a run, at least 1.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], vocabulary: Iterable[str], n: int = 3) -> None:
        self.n = n
        self._known = frozenset(vocabulary)
        self._runs: Counter[tuple[str, ...]] = Counter()
        self._histories: Counter[tuple[str, ...]] = Counter()
        self._followers: Counter[tuple[str, ...]] = Counter()
        for sentence in sentences:
            words = self._framed(sentence)
            for end in range(n - 1, len(words)):
                for start in range(end - n + 1, end + 1):
                    run = words[start : end + 1]
                    self._followers[run[:-1]] += run not in self._runs
                    self._runs[run] += 1
                    self._histories[run[:-1]] += 1

    def log_probability(self, sentence: Sequence[str]) -> float:
        """Return the natural logarithm of a sentence's probability, its end included."""
        words = self._framed(sentence)
        return sum(
            math.log(self._probability(words[end - self.n + 1 : end + 1]))
            for end in range(self.n - 1, len(words))
        )

    def perplexity(self, sentences: Sequence[Sequence[str]]) -> float:
        """Return the perplexity of sentences, at least one, their ends included."""
        words = sum(len(sentence) + 1 for sentence in sentences)
        return perplexity(sum(map(self.log_probability, sentences)), words)

    def _framed(self, sentence: Sequence[str]) -> tuple[str, ...]:
        words = (word if word in self._known else _UNKNOWN for word in sentence)
        return (*(_START,) * (self.n - 1), *words, _STOP)

    def _probability(self, run: tuple[str, ...]) -> float:
        """Return the probability of the last word of a run behind the others."""
        shorter = self._probability(run[1:]) if len(run) > 1 else 1 / (len(self._known) + 2)
        different = self._followers[run[:-1]]
        if not different:
            return shorter
        return (self._runs[run] + different * shorter) / (self._histories[run[:-1]] + different)
