"""The parts of README files that commands write: each stands between two markers that name its command."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

README = Path(__file__).with_name("README.md")


class Part(NamedTuple):
    """One such part.

    Attributes:
        name: what it shows.
        command: what writes it anew.
    """

    name: str
    command: str

    @property
    def begin(self) -> str:
        """The marker above it."""
        return f"<!-- {self.name}: begin ({self.command}) -->"

    @property
    def end(self) -> str:
        """The marker below it."""
        return f"<!-- {self.name}: end -->"

    def replaced(self, text: str, new: str) -> str:
        """Return the text with `new` between the markers.

        Raises:
            ValueError: if a marker does not occur exactly once, or the last comes before the first.
        """
        begin, end = self.begin, self.end
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            found = f"{text.count(begin)} {begin!r} and {text.count(end)} {end!r}"
            raise ValueError(f"README.md: got {found}, expected one of each in this order")
        before, rest = text.split(begin)
        return f"{before}{begin}\n{new.strip()}\n{end}{rest.split(end)[1]}"

    def write(self, readme: Path, new: str) -> None:
        """Put `new` between the markers of a file.

        Raises:
            ValueError: if a marker does not occur exactly once, or the last comes before the first.
        """
        text = readme.read_text(encoding="utf-8")
        readme.write_text(self.replaced(text, new), encoding="utf-8")
