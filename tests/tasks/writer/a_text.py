"""A tiny text whose sentences differ in length and mood."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

SUBJECTS = ("the king", "a child", "my old friend", "the dark sea")
VERBS = ("is", "was", "will be")
MOODS = ("happy", "sad", "good and kind", "terrible", "here today")
SENTENCES = [" ".join(parts) for parts in product(SUBJECTS, VERBS, MOODS)]


def write_text(folder: Path) -> Path:
    """Write the text to a file: a sentence on each line, some twice, and some that are longer."""
    path = folder / "text.txt"
    longer = [f"{sentence} and {other}" for sentence, other in pairwise(SENTENCES)]
    path.write_text("".join(f"{line.capitalize()}.\n" for line in [*SENTENCES, *SENTENCES[:9], *longer]))
    return path


def kwargs(folder: Path) -> dict[str, str]:
    """Return arguments of the environment, whose reward needs no further package."""
    return {"text": str(write_text(folder)), "reward": "dqn_fast.tasks.writer.rewards:Length"}
