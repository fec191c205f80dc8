"""Shows texts of several authors side by side: writing.txt, and the same as a picture, writing.png."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

from dqn_fast.training.reports.style import BLUE, ORANGE, new_figure, save_figure
from dqn_fast.training.run_folder.files import atomic_write
from dqn_fast.training.run_folder.layout import WRITING, WRITING_PICTURE

_COLUMN = 60  # characters of an author's column
_LETTER, _LINE = 0.085, 0.2  # inches
_FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC")


def save_side_by_side(folder: Path, texts: Mapping[str, Sequence[str]]) -> None:
    """Write both files; the text alone, if no font here has its letters.

    Args:
        folder: for the files; older ones are replaced.
        texts: of each of two authors, by name.
    """
    rows = list(_rows(texts))
    with atomic_write(folder / WRITING) as path:
        lines = ("".join(f"{cell:<{_COLUMN + 2}}" for cell in row).rstrip() for row in rows)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    family = _font_of("".join(cell for row in rows for cell in row))
    if family is None:
        return
    figure = new_figure(_LETTER * _COLUMN * len(texts), _LINE * (len(rows) + 1))
    for number, row in enumerate(rows):
        font = FontProperties(family=family, size=9, weight="normal" if number else "bold")
        for column, (cell, color) in enumerate(zip(row, (ORANGE, BLUE), strict=True)):
            x, y = (column + 0.02) / len(row), 1 - (number + 1) / (len(rows) + 1)
            figure.text(x, y, cell, color=color, fontproperties=font, va="center", parse_math=False)
    save_figure(figure, folder / WRITING_PICTURE)


def _rows(texts: Mapping[str, Sequence[str]]) -> Iterable[Sequence[str]]:
    """Give rows of cells: the names, then each text of every author, in as many rows as the longest takes."""
    yield tuple(texts)
    for beside in zip_longest(*texts.values(), fillvalue=""):
        wrapped = [textwrap.wrap(text, _COLUMN, subsequent_indent=" " * 7) for text in beside]
        yield from zip_longest(*wrapped, fillvalue="")


def _font_of(text: str) -> str | None:
    """Return the first of some fonts that is here and has all letters of a text; None if there is none."""
    here = {font.name for font in fontManager.ttflist}
    for family in _FONTS:
        if family in here:
            letters = FT2Font(findfont(FontProperties(family=family))).get_charmap()
            if all(ord(letter) in letters for letter in text):
                return family
    return None
