"""Colours against a slow loop, and the lists of words."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tasks.wordle.wordle_twins import WORDS, slow_colors

from dqn_fast.errors import UsageError
from dqn_fast.tasks.wordle.rules import Rules, letters_of, rules_of, squares, word_features
from dqn_fast.tasks.wordle.word_list import OWN, read_words

# Few letters, so that many occur twice.
SOME_WORDS = st.lists(st.text("abe", min_size=5, max_size=5), min_size=2, max_size=12, unique=True)


def colors(rules: Rules, guess: str, hidden: str) -> list[int]:
    found: list[int] = rules.colors[rules.words.index(guess), rules.words.index(hidden)].tolist()
    return found


@given(SOME_WORDS)
def test_all_colours_are_those_of_a_slow_loop(words: list[str]) -> None:
    rules = rules_of(tuple(words))
    for guess in words:
        for hidden in words:
            assert colors(rules, guess, hidden) == slow_colors(guess, hidden)


@given(SOME_WORDS)
def test_codes_are_equal_where_colours_are(words: list[str]) -> None:
    rules = rules_of(tuple(words))
    for guess in range(len(words)):
        for one in range(len(words)):
            for other in range(len(words)):
                same = bool((rules.colors[guess, one] == rules.colors[guess, other]).all())
                assert (rules.codes[guess, one] == rules.codes[guess, other]) == same


def test_a_letter_that_is_guessed_twice_is_coloured_twice() -> None:
    rules = rules_of(WORDS)
    assert squares(colors(rules, "eerie", "lever")) == "🟨🟩🟨⬜🟨"
    assert squares(colors(rules, "abbey", "babel")) == "🟨🟨🟩🟩⬜"
    assert squares(colors(rules, "level", "blade")) == "🟨🟨⬜🟨🟨"


def test_a_word_is_described_by_its_letters() -> None:
    features = word_features(rules_of(("abbey", "geese")).letters)
    assert features.shape == (2, 156)
    for word, row in zip(("abbey", "geese"), features.tolist(), strict=True):
        for place in range(5):
            for letter in range(26):
                assert row[26 * place + letter] == (ord(word[place]) - ord("a") == letter)
        assert [chr(ord("a") + i) for i in range(26) if row[130 + i]] == sorted(set(word))
    assert letters_of("az") == [0, 25]


def test_the_own_list() -> None:
    words = read_words(OWN)
    assert len(words) == 431
    assert list(words) == sorted(words)
    assert rules_of(words).colors.shape == (431, 431, 5)
    assert "public domain" in OWN.read_text(encoding="utf-8")


@pytest.mark.skipif("DQN_FAST_WORDLE_WORDS" not in os.environ, reason="names the published list")
def test_the_published_list() -> None:
    words = read_words(os.environ["DQN_FAST_WORDLE_WORDS"])
    assert len(words) == 431
    rules, generator = rules_of(words), np.random.default_rng(0)
    for guess, hidden in generator.integers(431, size=(2_000, 2)).tolist():
        assert rules.colors[guess, hidden].tolist() == slow_colors(words[guess], words[hidden])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("crane\nCRANE\n", "words: got 'CRANE' in .*, expected 5 letters from a to z"),
        ("crane\nfour\n", "words: got 'four' in"),
        ("crane\nnaïve\n", "words: got 'naïve' in"),
        ("crane\n", "words: got 1 of which 1 differ in .*, expected at least 2, each once"),
        ("crane\nslate\ncrane\n", "words: got 3 of which 2 differ in"),
        ("", "words: got 0 of which 0 differ in"),
    ],
)
def test_what_is_no_list(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_words(path)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"words: got .*none\.txt, expected a text to read"):
        read_words(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"na\xefve\n")
    with pytest.raises(UsageError, match=r"words: got .*latin\.txt, expected a text to read"):
        read_words(tmp_path / "latin.txt")
    (tmp_path / "good.txt").write_text("# a comment\n\n crane \nslate\n", encoding="utf-8")
    assert read_words(tmp_path / "good.txt") == ("crane", "slate")
