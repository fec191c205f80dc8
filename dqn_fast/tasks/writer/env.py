"""The environment: an episode is a sentence, and an action a word."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from dqn_fast.checks import at_least
from dqn_fast.errors import UsageError
from dqn_fast.tasks.writer.rewards import Additive, Reward
from dqn_fast.text import END, read_corpus
from dqn_fast.word_actions import WordActions

_SENTIMENT = "dqn_fast.tasks.writer.rewards:Sentiment"
_LEAST = 3  # words of a sentence: shorter ones would be the easiest way to some rewards
_TRIED = 1_000  # sentences that a reward is tried with


class Writer(gym.Env[dict[str, Any], np.int64]):
    """Writes a sentence, a word at a time, for a reward of the whole sentence.

    An action is a word of the text's vocabulary, or 0, which ends the sentence; `WordActions` says what
    observations are. A sentence of `longest` words ends by itself, and one that ends before its third word
    earns 0. A reward that is `Additive` is paid word by word, so "so_far" in observations is what the words
    earned; else it stays 0, and the last word or the end earns all. The return is the reward of the sentence
    in both cases.

    `reset` has no options. At a sentence's end `info["figures"]` has its reward and its length in words.

    Args:
        text: a text file, English or Chinese; see `dqn_fast.text`.
        reward: module:name of a function that takes a sentence as text and returns a number, or of a class
            whose objects do; see `rewards`. By default how friendly the sentence is.
        aim: a word or a number that the reward is made for, such as the word of `rewards.Keyword`; None for
            none.
        vocabulary: the commonest words, so many; from 10 on.
        shortest: fewest words of the text's sentences to learn from, at least 3.
        longest: most words of them, and of a sentence.
        render_mode: "ansi" for the sentence as text.

    Attributes:
        corpus: the text.
        reward: of a sentence.
        longest: most words of a sentence.
        sentence: the latest one, as numbers of words.

    Raises:
        TypeError: if a number is not whole.
        ValueError: if one is out of range, or there is no such render mode.
        UsageError: if the text cannot be read or is too short, or there is no such reward, or it does not
            tell sentences of the text apart.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012  # as Gymnasium has it

    def __init__(
        self,
        text: str | Path = "",
        reward: str = _SENTIMENT,
        aim: str | float | None = None,
        vocabulary: int = 2_000,
        shortest: int = 4,
        longest: int = 16,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise ValueError(f"render_mode: got {render_mode!r}, expected ansi or None")
        if not text:
            raise UsageError("text: got none, expected a text file: --text FILE")
        sizes = (
            at_least("vocabulary", vocabulary, 10),
            at_least("shortest", shortest, _LEAST),
            at_least("longest", longest, shortest),
        )
        self.render_mode = render_mode
        self.corpus = read_corpus(Path(text), *sizes)
        self.reward = _reward_for(reward, aim, Path(text), sizes)
        words = len(self.corpus.words)
        self.longest = sizes[2]
        self._additive = self.reward if isinstance(self.reward, Additive) else None
        self._scores = self._additive.scores(self.corpus.words) if self._additive else np.zeros(words)
        self._total = 0.0  # of the scores of the words so far
        self.sentence: list[int] = []
        self._following: list[int] = []  # of the sentence of the text that the data policy writes
        self._unused: list[int] = []  # sentences that it has not written
        self.action_space = WordActions(self.corpus.words, _LEAST, self.corpus.joint)
        self.observation_space = spaces.Dict(
            {
                "word": spaces.Discrete(words),
                "count": spaces.Discrete(self.longest + 1),
                "so_far": spaces.Box(-np.inf, np.inf, (1,), np.float32),
            }
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin a sentence; see the class and `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        self.sentence, self._total, self._following = [], 0.0, []
        return self._observation(END), {}

    def step(self, action: int | np.int64) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Write a word, or end the sentence; see the class and `gymnasium.Env.step`.

        Raises:
            ValueError: if there is no such word.
        """
        if not 0 <= action < len(self.corpus.words):
            raise ValueError(f"action: got {action}, expected 0 to {len(self.corpus.words) - 1}")
        before = self._potential(self._total)
        if action != END:
            self.sentence.append(int(action))
            self._total += self._scores[action]
        if action != END and len(self.sentence) < self.longest:
            return self._observation(int(action)), self._potential(self._total) - before, False, False, {}
        worth = self.worth(self.sentence)
        info = {"figures": {"reward": worth, "length": float(len(self.sentence))}}
        return self._observation(int(action)), worth - before, True, False, info

    def worth(self, sentence: Sequence[int]) -> float:
        """Return the reward of a whole sentence, as numbers of words."""
        return float(self.reward(self.corpus.text_of(sentence))) if len(sentence) >= _LEAST else 0.0

    def earnings(self) -> npt.NDArray[np.float64]:
        """Return what each action would earn now, `(words,)`: what a player sees who does not look ahead."""
        before = self._potential(self._total)
        if len(self.sentence) + 1 < self.longest:
            earned: npt.NDArray[np.float64] = self._potential(self._total + self._scores) - before
        else:
            words = range(len(self.corpus.words))
            earned = np.array([self.worth([*self.sentence, word]) for word in words]) - before
        earned[END] = self.worth(self.sentence) - before
        return earned

    def scripted_action(self, generator: np.random.Generator) -> int:
        """Return the next word of a sentence of the text; each is written once before any is again."""
        if not self.sentence:
            if not self._unused:
                self._unused = generator.permutation(len(self.corpus.training)).tolist()
            self._following = [*self.corpus.training[self._unused.pop()], END]
        return self._following[len(self.sentence)]

    def transcript(self) -> str:
        """Return the sentence so far, and what it is worth."""
        return f"{self.corpus.text_of(self.sentence)} ({self.worth(self.sentence):+.2f})"

    def render(self) -> Any:
        """Return the sentence as text."""
        return self.transcript() if self.render_mode == "ansi" else None

    def _observation(self, word: int) -> dict[str, Any]:
        so_far = np.array([self._potential(self._total)], np.float32)
        return {"word": np.int64(word), "count": np.int64(len(self.sentence)), "so_far": so_far}

    def _potential(self, total: Any) -> Any:
        """Return what words with these sums earned so far."""
        return self._additive.squash(total) - self._additive.squash(0.0) if self._additive else total * 0.0


@lru_cache(maxsize=4)
def _reward_for(reference: str, aim: str | float | None, text: Path, sizes: tuple[int, int, int]) -> Reward:
    """Return a reward by its name, once it was tried with sentences of the text."""
    try:
        own: Any = pkgutil.resolve_name(reference)
        arguments = {} if aim is None else {"aim": aim}
        reward: Reward = cast(Any, own if inspect.isclass(own) else partial(partial, own))(**arguments)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"reward: got {reference!r}, expected module:name: {error}") from error
    corpus = read_corpus(text, *sizes)
    if len({float(reward(corpus.text_of(sentence))) for sentence in corpus.training[:_TRIED]}) < 2:
        raise UsageError(
            f"reward: got {reference}, which is the same for {min(_TRIED, len(corpus.training)):,} sentences"
            " of the text, expected one that tells some apart"
        )
    return reward
