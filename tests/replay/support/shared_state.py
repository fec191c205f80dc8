"""What all rules share: the buffer, its slow twin, and where each environment stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st
from replay.support.oracles import ReplayTwin
from replay.support.strategies import (
    PRIORITIES,
    TAME_PRIORITIES,
    Move,
    Options,
    World,
    encode_obs,
    fill,
    moves,
)

SEEDS = st.integers(0, 2**32 - 1)


class SharedState:
    """What `ReplayMachine.build` makes, and what several rules draw from it."""

    options: Options | None
    buffer: Any
    twin: ReplayTwin
    at: list[tuple[Any, bool]]  # where each environment stands, and whether it is over
    shapes_known: bool
    outstanding: list[np.ndarray]
    last_out: Any
    warned: int

    def twin_has_mass(self) -> bool:
        if self.twin.priorities is None:
            return len(self.twin) > 0
        return self.twin.priorities.sums.total() > 0

    def _moves(self, rng: np.random.Generator, style: str, stream: int, count: int) -> Iterator[Move]:
        o = self.options
        assert o is not None
        for move in moves(World(rng, o.obs, o.alphabet), style, *self.at[stream], count, o.autoreset):
            self.at[stream] = move.then, move.over
            yield move

    def _nowhere(self) -> Move:
        (origin, _) = self.at[0]
        return Move(origin, origin, False, False, origin, origin, False)

    def _row(self, rng: np.random.Generator, move: Move, rewards: tuple[float, ...]) -> dict[str, Any]:
        """Arguments of one transition, each an array of the column's own dtype."""
        o = self.options
        assert o is not None
        row: dict[str, Any] = {name: fill(rng, column) for name, column in o.columns.items()}
        row |= {"obs": encode_obs(o.obs, move.obs), "next_obs": encode_obs(o.obs, move.next_obs)}
        row["reward"] = np.asarray(rng.choice(rewards), o.reward)
        row["terminated"], row["truncated"] = np.asarray(move.terminated), np.asarray(move.truncated)
        return row

    def _priorities(self, rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray | None:
        if kind == "none" or self.twin.priorities is None:
            return None
        return np.asarray(rng.choice(PRIORITIES if kind == "wild" else TAME_PRIORITIES, shape))
