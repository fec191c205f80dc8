"""The environment whose actions are whole words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from dqn_fast.described_actions import DescribedActions
from dqn_fast.tasks.wordle.game import Game, observation_space
from dqn_fast.tasks.wordle.players import random_word_that_fits
from dqn_fast.tasks.wordle.rules import rules_of, word_features
from dqn_fast.tasks.wordle.word_list import OWN, read_words

# The data policy of LMRL-Gym: this share of its guesses is any word, the rest one that fits.
_ANY_WORD = 0.66


class Wordle(gym.Env[npt.NDArray[np.int8], np.int64]):
    """Guesses a hidden word of five letters in six guesses at most (LMRL-Gym; Abdulhai et al., 2023).

    An action is a word of the list, as Discrete; any may be guessed at any time. The action space describes
    words by their letters (`DescribedActions`). The reward is -1 for a wrong guess and 0 for the right one,
    so the return is between -6 and 0. The game ends with the right guess, or the sixth.

    Observations are MultiDiscrete, int8 (131,): a colour for each of 26 letters at each of 5 places (0 if it
    was not guessed there, 1 grey, 2 yellow, 3 green; `rules` says what these mean), then the number of
    guesses.

    `reset` takes the option "word", the index of the hidden word; without it, each is equally likely. At a
    game's end `info["figures"]` has solved, 1 or 0.

    Args:
        words: file with the words, one a line; see `read_words`. By default a list of our own.
        render_mode: "ansi" for the guesses with their colours as text; None draws nothing.

    Attributes:
        rules: of the words.
        game: the latest one; None before the first reset.

    Raises:
        UsageError: if the file cannot be read, or is no list of words.
        ValueError: if there is no such render mode.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # as Gymnasium has it

    def __init__(self, words: str | Path = OWN, render_mode: str | None = None) -> None:
        if render_mode not in (None, "ansi"):
            raise ValueError(f"render_mode: got {render_mode!r}, expected ansi or None")
        self.render_mode = render_mode
        self.rules = rules_of(read_words(words))
        self.game: Game | None = None
        self.metadata = {
            **self.metadata,
            "starts": [{"word": word} for word in range(len(self.rules.words))],
        }
        self.observation_space = observation_space()
        self.action_space = DescribedActions(word_features(self.rules.letters))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.int8], dict[str, Any]]:
        """Begin a game; see the class and `gymnasium.Env.reset`.

        Raises:
            ValueError: if there is no such word.
        """
        super().reset(seed=seed)
        count = len(self.rules.words)
        word = (options or {}).get("word", int(self.np_random.integers(count)))
        if isinstance(word, bool) or not isinstance(word, int | np.integer) or not 0 <= word < count:
            raise ValueError(f"options['word']: got {word!r}, expected 0 to {count - 1}")
        self.game = Game(self.rules, int(word))
        return self.game.observation(), {}

    def step(self, action: int | np.int64) -> tuple[npt.NDArray[np.int8], float, bool, bool, dict[str, Any]]:
        """Guess a word; see the class and `gymnasium.Env.step`.

        Raises:
            ValueError: if there is no such word.
        """
        if not 0 <= action < len(self.rules.words):
            raise ValueError(f"action: got {action}, expected 0 to {len(self.rules.words) - 1}")
        return self.guess(int(action))

    def guess(self, word: int | None) -> tuple[npt.NDArray[np.int8], float, bool, bool, dict[str, Any]]:
        """Make a guess, and return what `step` does; None is no word of the list."""
        game = self._begun("step")
        game.guess(word)
        info = {"figures": {"solved": float(game.solved)}} if game.is_over else {}
        return game.observation(), float(game.solved) - 1.0, game.is_over, False, info

    def scripted_action(self, generator: np.random.Generator) -> int:
        """Return a guess of the published data's policy: any word two times of three, or one that fits."""
        if generator.random() < _ANY_WORD:
            return int(generator.integers(len(self.rules.words)))
        return random_word_that_fits(self._begun("scripted_action"), generator)

    def observation(self) -> npt.NDArray[np.int8]:
        """Return what an agent sees now."""
        return self._begun("observation").observation()

    def transcript(self) -> str:
        """Return the guesses so far, with their colours.

        Raises:
            RuntimeError: if there is no game.
        """
        return self._begun("transcript").transcript()

    def render(self) -> Any:
        """Return the guesses so far as text, if they are to be rendered."""
        return self.transcript() if self.render_mode == "ansi" else None

    def _begun(self, what: str) -> Game:
        if self.game is None:
            raise RuntimeError(f"{what}: got no reset so far, expected one before")
        return self.game
