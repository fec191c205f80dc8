"""How a guess is coloured, as LMRL-Gym does it: each letter by itself.

A letter is green if the hidden word has it at this place, else yellow if it has it anywhere, else grey. So a
letter that is guessed twice is yellow twice, even if the hidden word has it once. (The newspaper's game would
show one of the two grey.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dqn_fast.tasks.wordle.word_list import LETTERS

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
GREY, YELLOW, GREEN = 1, 2, 3  # 0 is a letter that was not guessed at a place


class Rules(NamedTuple):
    """What follows from a list of A words.

    Attributes:
        words: the list.
        letters: of each word, from 0 for a to 25, int64 (A, 5).
        colors: of each letter of a guess (row) if another word (column) is hidden, uint8 (A, A, 5).
        codes: the same as one number for each pair, uint8 (A, A); equal exactly if all colours are.
    """

    words: tuple[str, ...]
    letters: npt.NDArray[np.int64]
    colors: npt.NDArray[np.uint8]
    codes: npt.NDArray[np.uint8]


@cache
def rules_of(words: tuple[str, ...]) -> Rules:
    """Return the rules for a list of words; the arrays are read-only, since all games share them."""
    letters = np.array([letters_of(word) for word in words])
    occurs = occurrence(letters)
    same = letters[:, None, :] == letters[None, :, :]
    anywhere = occurs.T[letters].transpose(0, 2, 1)  # guess, hidden word, place
    colors = np.where(same, GREEN, np.where(anywhere, YELLOW, GREY)).astype(np.uint8)
    codes = ((colors - GREY) @ 3 ** np.arange(LETTERS)).astype(np.uint8)
    for array in (letters, colors, codes):
        array.flags.writeable = False
    return Rules(words, letters, colors, codes)


def letters_of(word: str) -> list[int]:
    """Return the letters of a word, from 0 for a to 25."""
    return [ALPHABET.index(letter) for letter in word]


def occurrence(letters: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which letters of the alphabet each word has, (A, 26)."""
    occurs = np.zeros((len(letters), len(ALPHABET)), np.bool_)
    np.put_along_axis(occurs, letters, True, 1)
    return occurs


def word_features(letters: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the letters of each word as zeros and ones, (A, 156).

    First those at each place, in the order of `Game.observation`, then those anywhere.
    """
    at_place = np.eye(len(ALPHABET), dtype=np.float32)[letters].reshape(len(letters), -1)
    return np.concatenate([at_place, occurrence(letters).astype(np.float32)], 1)


def squares(colors: Sequence[int]) -> str:
    """Return colours as players show them."""
    return "".join({GREY: "⬜", YELLOW: "🟨", GREEN: "🟩"}[int(color)] for color in colors)
