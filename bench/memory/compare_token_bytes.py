"""Compare what a stored token costs: `python bench/memory/compare_token_bytes.py` writes the table of it.

The games have the form of Wordle's: an agent writes five letters, and the environment answers with five
colours, up to six times. They are stored as segments, token by token, or as transitions whose observations
are all tokens so far.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

PART = Part("token bytes", "python bench/memory/compare_token_bytes.py")
GAMES, WORD, TURNS, FIRST = 1_000, 5, 6, np.int32(0)
LONGEST = 1 + 2 * WORD * TURNS - WORD
"""Tokens of the longest game, with the one that it begins with."""


class Game(NamedTuple):
    """One game: its tokens, and which of them the agent wrote."""

    tokens: np.ndarray
    written: np.ndarray

    @property
    def decisions(self) -> list[int]:
        """Where the tokens are that the agent saw last before it wrote one."""
        return [int(place) - 1 for place in np.flatnonzero(self.written)]


def games(count: int = GAMES, seed: int = 0) -> list[Game]:
    """Return games of one to six turns; the last answer of a game is not part of it."""
    generator = np.random.default_rng(seed)
    turns = generator.choice(np.arange(1, TURNS + 1), count, p=[0.01, 0.06, 0.16, 0.22, 0.2, 0.35])
    return [_game(generator, int(number)) for number in turns]


def _game(generator: np.random.Generator, turns: int) -> Game:
    tokens = generator.integers(1, 32, 2 * WORD * turns - WORD, dtype=np.int32)
    written = np.arange(len(tokens)) % (2 * WORD) < WORD
    return Game(np.concatenate([[FIRST], tokens]), np.concatenate([[False], written]))


def add_as_segment(buffer: ReplayBuffer, game: Game) -> None:
    """Store each token once: the environment's as context, the agent's as actions."""
    tokens, written = game.tokens, game.written
    for place in range(1, len(tokens)):
        before, token = tokens[place - 1], tokens[place]
        if written[place]:
            buffer.add(before, token, 0.0, token, place == len(tokens) - 1)
        else:
            buffer.add_context(token, continues=True)


def add_as_prefixes(buffer: ReplayBuffer, game: Game) -> None:
    """Store a transition for each decision, whose observations are all tokens so far, padded."""
    prefixes = np.zeros((len(game.tokens), LONGEST), np.int32)
    for place, prefix in enumerate(prefixes):
        prefix[: place + 1] = game.tokens[: place + 1]
    decisions = game.decisions
    for place, following in zip(decisions, [*decisions[1:], len(game.tokens) - 1], strict=True):
        last = following == len(game.tokens) - 1
        buffer.add(prefixes[place], game.tokens[place + 1], 0.0, prefixes[following], last)


class Way(NamedTuple):
    """A way to store games."""

    name: str
    buffer: ReplayBuffer
    as_segments: bool

    def store(self, played: list[Game]) -> None:
        """Add all games."""
        for game in played:
            (add_as_segment if self.as_segments else add_as_prefixes)(self.buffer, game)


def ways(played: list[Game]) -> Iterator[Way]:
    """Yield the ways that the table compares; each capacity is the number of decisions."""
    decisions = sum(len(game.decisions) for game in played)
    tokens = sum(len(game.tokens) for game in played)
    fitting = tokens / decisions - 1  # a slot for each token that is no decision
    for kind, word in ((ReplayBuffer, "uniform"), (PrioritizedReplayBuffer, "prioritised")):
        for reserve, which in ((None, "the default reserve"), (fitting, f"`reserve={fitting:.2f}`")):
            buffer = kind(decisions, reserve=reserve, draw_by="segment", seed=0)
            yield Way(f"segments, {word}, {which}", buffer, as_segments=True)
        yield Way(f"prefix transitions, {word}", kind(decisions, seed=0), as_segments=False)


def table(played: list[Game]) -> str:
    """Store the games in all ways; return the table, and a line on the games."""
    tokens = sum(len(game.tokens) for game in played)
    rows: dict[str, list[str]] = {
        "stored as": [], "bytes a game": [], "a held token": [], "times the tokens": [], "evicted early": []
    }  # fmt: skip
    for way in ways(played):
        way.store(played)
        nbytes, stats = way.buffer.nbytes, way.buffer.stats()
        held = stats["steps"] if way.as_segments else tokens
        cells = [
            way.name,
            f"{nbytes / len(played):,.0f}",
            f"{nbytes / held:.1f}",
            f"{nbytes / (4 * tokens):.1f}",
            f"{stats['evicted_early']:,}",
        ]
        for column, cell in zip(rows.values(), cells, strict=True):
            column.append(cell)
    decisions = sum(len(game.decisions) for game in played)
    each = f"{tokens / len(played):.1f} tokens and {decisions / len(played):.1f} decisions"
    text = f"{len(played):,} games of {each}; bytes are `buffer.nbytes`."
    return f"{text}\n\n{markdown_table(rows, left=('stored as',))}"


if __name__ == "__main__":
    PART.write(README, table(games()))
