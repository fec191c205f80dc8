"""The words that are hidden and guessed: our own in words.txt, or another file's."""

from __future__ import annotations

import re
from pathlib import Path

from dqn_fast.errors import UsageError

OWN = Path(__file__).with_name("words.txt")
LETTERS = 5


def read_words(path: str | Path) -> tuple[str, ...]:
    """Return the words of a file, in its order; each is both guessed and hidden.

    Args:
        path: of a text with a word of five letters from a to z on each line. Empty lines, and those that
            begin with #, are left out.

    Raises:
        UsageError: if the file cannot be read, holds something else, a word twice, or fewer than two.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"words: got {path}, expected a text to read: {error}") from error
    words = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    for word in words:
        if not re.fullmatch(f"[a-z]{{{LETTERS}}}", word):
            raise UsageError(f"words: got {word!r} in {path}, expected {LETTERS} letters from a to z")
    if len(words) < 2 or len(set(words)) < len(words):
        got = f"{len(words)} of which {len(set(words))} differ"
        raise UsageError(f"words: got {got} in {path}, expected at least 2, each once")
    return words
