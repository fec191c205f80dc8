"""Parts of the picture that can be wrong without looking wrong."""

from __future__ import annotations

from memory_picture import _spread, color_of


def test_names_that_would_overlap_are_moved_apart_and_others_stay() -> None:
    assert _spread([0, 5, 5.5, 5.6, 20], 1) == [0, 5, 6, 7, 20]


def test_a_new_rival_has_a_colour() -> None:
    assert color_of("a new one") not in {color_of(name) for name in ("ours", "cpprb")}
