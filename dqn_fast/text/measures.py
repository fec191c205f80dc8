"""Measures of sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any


def distinct(sentences: Sequence[Sequence[Any]], n: int) -> float:
    """Return the share of runs of n words that are different from each other (distinct-n, Li et al., 2016).

    It falls with the number of sentences: only compare equal numbers.

    Args:
        sentences: of any words; shorter ones than n have no run.
        n: at least 1.

    Returns:
        From 0 to 1; 0 without any run.
    """
    runs = [zip(*(sentence[start:] for start in range(n)), strict=False) for sentence in sentences]
    every = list(chain.from_iterable(runs))
    return len(set(every)) / len(every) if every else 0.0


def perplexity(log_likelihood: float, words: int) -> float:
    """Return exp(-log likelihood / words): among how many equally likely words a model seems to choose.

    Args:
        log_likelihood: of all words together, by the natural logarithm.
        words: how many these are, ends of sentences among them; at least 1.
    """
    return math.exp(-log_likelihood / words)
