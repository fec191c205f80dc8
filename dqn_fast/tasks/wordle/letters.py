"""The environment whose actions are letters: a word is spelled, as by a language model.

It is much harder than with whole words, and no score is promised for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from dqn_fast.described_actions import DescribedActions
from dqn_fast.tasks.wordle.env import Wordle
from dqn_fast.tasks.wordle.game import SEEN, small_numbers
from dqn_fast.tasks.wordle.rules import ALPHABET, letters_of
from dqn_fast.tasks.wordle.word_list import LETTERS, OWN

_NONE = len(ALPHABET)  # no letter yet


class Letters(gym.Env[npt.NDArray[np.int8], np.int64]):
    """Wordle with a letter of the alphabet for an action; the fifth one makes the guess.

    Observations are those of `Wordle`, and then the letters of the guess so far, int8 (136,): 0 for a to 25,
    26 for none yet. The reward comes with the fifth letter; other letters earn 0. A guess that is no word of
    the list earns -1 and says nothing. Options of `reset`, figures and ends are those of `Wordle`. The action
    space describes each letter by a feature of its own.

    Args:
        words: file with the words; see `Wordle`.
        render_mode: see `Wordle`.

    Raises:
        UsageError: as `Wordle`.
        ValueError: as `Wordle`.
    """

    metadata: dict[str, Any] = dict(Wordle.metadata)  # noqa: RUF012  # as Gymnasium has it

    def __init__(self, words: str | Path = OWN, render_mode: str | None = None) -> None:
        self._whole = Wordle(words, render_mode)
        self.render_mode = render_mode
        self.metadata = self._whole.metadata
        self.observation_space = small_numbers([*SEEN, *[_NONE + 1] * LETTERS])
        self.action_space = DescribedActions(np.eye(len(ALPHABET)))
        self._index = {word: index for index, word in enumerate(self._whole.rules.words)}
        self._spelled = ""
        self._planned = ""  # the rest of a word of the data policy

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.int8], dict[str, Any]]:
        """Begin a game; see `Wordle.reset`."""
        super().reset(seed=seed)
        _, info = self._whole.reset(seed=seed, options=options)
        self._spelled = self._planned = ""
        return self._observation(), info

    def step(self, action: int | np.int64) -> tuple[npt.NDArray[np.int8], float, bool, bool, dict[str, Any]]:
        """Say a letter; see the class and `gymnasium.Env.step`.

        Raises:
            ValueError: if there is no such letter.
        """
        if not 0 <= action < len(ALPHABET):
            raise ValueError(f"action: got {action}, expected 0 to {len(ALPHABET) - 1}")
        self._spelled += ALPHABET[action]
        if len(self._spelled) < LETTERS:
            return self._observation(), 0.0, False, False, {}
        word, self._spelled = self._index.get(self._spelled), ""
        _, reward, over, _, info = self._whole.guess(word)
        return self._observation(), reward, over, False, info

    def scripted_action(self, generator: np.random.Generator) -> int:
        """Return the next letter of a word that the data policy of `Wordle` guesses."""
        if not self._planned:
            self._planned = self._whole.rules.words[self._whole.scripted_action(generator)]
        letter, self._planned = self._planned[0], self._planned[1:]
        return ALPHABET.index(letter)

    def transcript(self) -> str:
        """Return the guesses so far; see `Wordle.transcript`."""
        return self._whole.transcript()

    def render(self) -> Any:
        """Return the guesses so far as text, if they are to be rendered."""
        return self._whole.render()

    def _observation(self) -> npt.NDArray[np.int8]:
        said = letters_of(self._spelled)
        return np.array([*self._whole.observation(), *said, *[_NONE] * (LETTERS - len(said))], np.int8)
