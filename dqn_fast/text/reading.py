"""Sentences of a text: words of English and its like, characters of Chinese."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from dqn_fast.errors import UsageError

#: A sentence: its words, or characters.
Sentence = tuple[str, ...]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
# Full-width marks are those of Chinese.
_END = re.compile(r"[.!?;:。！？；：…\n]+")  # noqa: RUF001


class Text(NamedTuple):
    """A text that was read.

    Attributes:
        sentences: in their order, without marks and numbers, in small letters.
        joint: what stands between two words: a space, or nothing between Chinese characters.
    """

    sentences: list[Sentence]
    joint: str


def read_text(path: str | Path) -> Text:
    """Read a text file, in UTF-8, as sentences.

    A sentence ends at a full stop, its like, a semicolon, a colon or the end of a line. The text decides what
    a sentence consists of: if most of its letters are Chinese, of characters; otherwise of words.

    Args:
        path: of the file.

    Raises:
        UsageError: if it cannot be read, is not UTF-8, or has no word.
    """
    try:
        content = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"text: cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"text: got {path}, expected a text file in UTF-8: {error}") from error
    text = sentences_of(content)
    if not text.sentences:
        raise UsageError(f"text: got {path} without a word, expected sentences")
    return text


def sentences_of(content: str) -> Text:
    """Return the sentences of a text; see `read_text`."""
    letters = sum(map(str.isalpha, content))
    word, joint = (_HAN, "") if 2 * len(_HAN.findall(content)) > letters else (_WORD, " ")
    found = (tuple(word.findall(part.lower())) for part in _END.split(content))
    return Text([sentence for sentence in found if sentence], joint)
