"""Wordle: find a hidden word of five letters by guessing words, as LMRL-Gym has it (Abdulhai et al., 2023).

`rules` says how guesses are coloured, `word_list` and `words.txt` which words there are, `game` what one game
knows, `env` what an agent sees of it. `letters` has letters for actions instead of words. `players` follow a
rule, and learn nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym

from dqn_fast.tasks.wordle.env import Wordle
from dqn_fast.tasks.wordle.letters import Letters
from dqn_fast.tasks.wordle.players import play, random_word_that_fits, word_that_splits
from dqn_fast.tasks.wordle.word_list import OWN

__all__ = ["Letters", "Wordle", "make_wordle", "play", "random_word_that_fits", "word_that_splits"]

_LEVELS = {"word": Wordle, "token": Letters}


def make_wordle(
    words: str | Path = OWN, level: str = "word", render_mode: str | None = None
) -> gym.Env[Any, Any]:
    """Return the environment whose actions are words (level "word") or letters ("token").

    Args:
        words: file with the words, one a line; see `read_words`.
        level: of the actions.
        render_mode: see `Wordle`.

    Raises:
        UsageError: if the file cannot be read, or is no list of words.
        ValueError: if there is no such level or render mode.
    """
    if level not in _LEVELS:
        raise ValueError(f"level: got {level!r}, expected one of {', '.join(_LEVELS)}")
    return _LEVELS[level](words, render_mode)
