# ruff: noqa: RUF001  # Chinese punctuation is what is read
"""Texts become sentences of words, or of Chinese characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from dqn_fast.errors import UsageError
from dqn_fast.text import read_text, sentences_of


@pytest.mark.parametrize(
    ("content", "sentences"),
    [
        ("The cat sat. It's HERE!", [("the", "cat", "sat"), ("it's", "here")]),
        ("one, two; three: four\nfive", [("one", "two"), ("three",), ("four",), ("five",)]),
        ("Ge1:1 In the beginning", [("ge",), ("in", "the", "beginning")]),
        ("well-known — élan, 12 3.5 x_y", [("well-known", "élan"), ("x", "y")]),
    ],
)
def test_words(content: str, sentences: list[tuple[str, ...]]) -> None:
    text = sentences_of(content)
    assert text.sentences == sentences
    assert text.joint == " "


def test_characters_of_a_text_that_is_mostly_chinese() -> None:
    text = sentences_of("你好，世界。DQN 会写字！\n天气很好；")
    assert text.sentences == [tuple("你好世界"), tuple("会写字"), tuple("天气很好")]
    assert text.joint == ""


def test_a_few_chinese_characters_do_not_make_a_text_chinese() -> None:
    assert sentences_of("the word 好 means good").sentences == [("the", "word", "好", "means", "good")]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    with pytest.raises(UsageError, match=r"text: cannot read .*: No such file"):
        read_text(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"text: got .*, expected a text file in UTF-8"):
        read_text(path)
    path.write_text("1 2 3 ...")
    with pytest.raises(UsageError, match=r"text: got .* without a word, expected sentences"):
        read_text(path)
