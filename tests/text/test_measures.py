"""Measures of sentences against slow and obvious twins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dqn_fast.text import NGrams, distinct, perplexity


def some_sentences(count: int, seed: int) -> list[list[str]]:
    generator = np.random.default_rng(seed)
    return [
        ["abcdexy"[letter] for letter in generator.integers(7, size=generator.integers(1, 7))]
        for _ in range(count)
    ]


def slow_distinct(sentences: list[list[str]], n: int) -> float:
    runs = [tuple(one[at : at + n]) for one in sentences for at in range(len(one) - n + 1)]
    return sum(runs.index(run) == at for at, run in enumerate(runs)) / len(runs)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_distinct(n: int) -> None:
    sentences = some_sentences(60, 0)
    assert distinct(sentences, n) == pytest.approx(slow_distinct(sentences, n), rel=1e-12)
    assert distinct([["a"]], 2) == 0.0


def test_perplexity_is_the_number_of_equally_likely_words() -> None:
    assert perplexity(10 * math.log(1 / 7), 10) == pytest.approx(7)


def slow_probability(text: list[list[str]], run: list[str], vocabulary: str) -> float:
    """Witten & Bell's interpolation as its formula stands there, by looking through all of the text."""
    *history, word = run
    shorter = slow_probability(text, run[1:], vocabulary) if history else 1 / (len(vocabulary) + 2)
    size = len(history)
    followers = [
        sentence[at + size]
        for sentence in text
        for at in range(2 - size, len(sentence) - size)
        if sentence[at : at + size] == history and at + size >= 2
    ]
    different = len(set(followers))
    if not different:
        return shorter
    return (followers.count(word) + different * shorter) / (len(followers) + different)


def test_the_judge_is_its_formula() -> None:
    learned, judged, known = some_sentences(40, 1), some_sentences(20, 2), "abcde"
    judge = NGrams(learned, known)

    def framed(sentence: list[str]) -> list[str]:
        return ["<", "<", *(word if word in known else "?" for word in sentence), ">"]

    text = [framed(sentence) for sentence in learned]
    total = 0.0
    for sentence in judged:
        words = framed(sentence)
        each = [
            math.log(slow_probability(text, words[at - 2 : at + 1], known)) for at in range(2, len(words))
        ]
        assert judge.log_probability(sentence) == pytest.approx(sum(each), rel=1e-12)
        total += sum(each)
    count = sum(len(sentence) + 1 for sentence in judged)
    assert judge.perplexity(judged) == pytest.approx(math.exp(-total / count), rel=1e-12)


def test_the_judge_is_a_distribution_over_words() -> None:
    judge = NGrams(some_sentences(30, 3), "abcde", n=2)

    def probability(*words: str) -> float:
        return math.exp(judge.log_probability(words))

    # Of one word each: any known one, an unknown one, or none; all but these begin longer sentences.
    ends = sum(probability(word) for word in "abcde?") + probability()
    longer = sum(probability(word, other) for word in "abcde?" for other in "abcde?")
    assert 0 < ends < ends + longer < 1
