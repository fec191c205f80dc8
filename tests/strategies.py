"""What the state machines draw: all options of a buffer jointly, and streams that try to fool it."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

HAS_SPACES = importlib.util.find_spec("gymnasium") is not None

Levels = dict[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


class Column(NamedTuple):
    """Shape and dtype of one field."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=int)) * np.dtype(self.dtype).itemsize


OBSERVATIONS = {
    "float32 vector": Column((3,), "float32"),
    "int64 scalar": Column((), "int64"),
    "uint8 image": Column((5, 8, 8), "uint8"),  # more than 256 bytes: a wide column
    "float64 matrix": Column((2, 3), "float64"),
    "int8 bits": Column((6,), "int8"),
}
ACTIONS = {"int64 scalar": Column((), "int64"), "float32 vector": Column((2,), "float32")}
EXTRAS = {"none": {}, "two": {"log_prob": Column((), "float64"), "legal": Column((3,), "bool")}}

# Every option as a few levels; each level is a strategy for the value.
LEVELS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "capacity": {"1": st.just(1), "2 to 9": st.integers(2, 9), "10 to 40": st.integers(10, 40)},
    "num_envs": {"1": st.just(1), "2": st.just(2), "3": st.just(3)},
    "reserve": {"None": st.none(), "0": st.just(0.0), "small": st.floats(0.01, 0.5), "1": st.just(1.0)},
    "n_step": {"1": st.just(1), "few": st.integers(2, 4), "long": st.integers(5, 60)},
    "gamma": {"0": st.just(0.0), "between": st.floats(0.5, 0.999), "1": st.just(1.0)},
    "obs": {name: st.just(column) for name, column in OBSERVATIONS.items()},
    "action": {name: st.just(column) for name, column in ACTIONS.items()},
    "reward": {"float32": st.just("float32"), "float64": st.just("float64")},
    "spaces": {"given": st.just(True), "first add": st.just(False)}
    if HAS_SPACES
    else {"none": st.just(False)},
    "extra_fields": {name: st.just(columns) for name, columns in EXTRAS.items()},
    "alphabet": {"1": st.just(1), "2": st.just(2), "many": st.just(40)},
    "alpha": {
        "uniform": st.none(),
        "0": st.just(0.0),
        "below 1": st.floats(0.1, 0.9),
        "1": st.just(1.0),
        "1.5": st.just(1.5),
    },
    "weight_normalization": {name: st.just(name) for name in ("batch", "buffer", "none")},
    "stratified": {"yes": st.just(True), "no": st.just(False)},
    "priority_eps": {"0": st.just(0.0), "1e-6": st.just(1e-6), "1": st.just(1.0)},
}
PRIORITISED_ONLY = ("weight_normalization", "stratified", "priority_eps")


@dataclass(frozen=True)
class Options:
    """One joint draw of everything that a buffer can be told."""

    levels: Levels
    capacity: int  # of each stream
    num_envs: int
    reserve: float | None
    n_step: int
    gamma: float
    obs: Column
    action: Column
    reward: str
    spaces: bool
    extra_fields: dict[str, Column]
    alphabet: int
    alpha: float | None  # None: a uniform buffer
    weight_normalization: str
    stratified: bool
    priority_eps: float
    surplus: int = 0  # asked for on top of a multiple of num_envs, and not given
    seed: int = 0

    @property
    def reward_kept(self) -> str:
        """The reward's dtype in the buffer: with both spaces given it is fixed before any reward comes."""
        return "float32" if self.spaces else self.reward

    @property
    def columns(self) -> dict[str, Column]:
        flags = {"terminated": Column((), "bool"), "truncated": Column((), "bool")}
        return {"action": self.action, "reward": Column((), self.reward_kept), **flags, **self.extra_fields}

    @property
    def step_bytes(self) -> int:
        return self.obs.nbytes + sum(column.nbytes for column in self.columns.values())


@st.composite
def options(draw: st.DrawFn, pinned: Levels | None = None) -> Options:
    """All options in one draw; a pinned level leaves its values free."""
    levels, values = {}, {}
    for name, choices in LEVELS.items():
        level = (pinned or {}).get(name) or draw(st.sampled_from(sorted(choices)), label=name)
        levels[name], values[name] = level, draw(choices[level])
    chosen = Options(levels, **values)
    surplus, seed = draw(st.integers(0, chosen.num_envs - 1)), draw(st.integers(0, 2**63 - 1))
    return replace(chosen, surplus=surplus, seed=seed)


def pairs_of(levels: Levels) -> set[Pair]:
    """The pairs of option levels that one buffer brings together, as far as they mean anything."""
    uniform = levels.get("alpha") == "uniform"
    items = sorted((k, v) for k, v in levels.items() if not (uniform and k in PRIORITISED_ONLY))
    return set(combinations(items, 2))


def all_pairs() -> set[Pair]:
    names = combinations(sorted(LEVELS), 2)
    rows = ({a: x, b: y} for a, b in names for x, y in product(LEVELS[a], LEVELS[b]))
    return set().union(*(pairs_of(row) for row in rows))


def covering_rows() -> list[Levels]:
    """Rows of levels that bring each pair together at least once: greedy, and the same on every run."""
    rng = random.Random(0)
    missing, rows = all_pairs(), []
    while missing:
        kept = dict(min(missing))
        free = [{k: rng.choice(sorted(v)) for k, v in LEVELS.items()} | kept for _ in range(100)]
        rows.append(max(free, key=lambda row: len(pairs_of(row) & missing)))
        missing -= pairs_of(rows[-1])
    return rows


# --- transitions ---------------------------------------------------------------------------------

# Floats that are equal but have other bytes, or have the same bytes and are not equal.
ODD_FLOATS = (0.0, -0.0, np.nan, np.inf, -np.inf)
REWARDS = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-3, 7.0, 1e30, 3e38, np.inf, np.nan)
TAME_REWARDS = REWARDS[:7]
PRIORITIES = (0.0, 5e-324, 1e-300, 1e-30, 1e-6, 0.5, 1.0, 2.0, 1e30)
TAME_PRIORITIES = (0.0, 0.25, 0.5, 1.0, 2.0)

STYLES = ("walk", "walk on after an end", "own resets", "shuffled", "bandit", "several environments")


def encode(column: Column, symbol: int) -> np.ndarray:
    """An array for a symbol of the alphabet: they differ in the first or the last element only."""
    value = np.zeros(column.shape, column.dtype)
    place = (0 if symbol % 2 else -1,) * len(column.shape)
    if column.dtype.startswith("float"):
        value[place] = ODD_FLOATS[symbol] if symbol < len(ODD_FLOATS) else symbol / 10
    elif column.dtype == "int8":
        value[:] = symbol >> np.arange(6) & 1
    else:
        value[place] = symbol
    return value


class Move(NamedTuple):
    """Observations of one transition, as symbols, and how it ended."""

    obs: int
    next_obs: int
    terminated: bool
    truncated: bool


def moves(
    rng: np.random.Generator, style: str, alphabet: int, at: int, ended: bool, count: int
) -> Iterator[Move]:
    """Transitions of one stream whose open observation is `at`.

    Args:
        rng: Where the choices come from.
        style: One of STYLES: how the rows follow upon each other.
        alphabet: How many observations there are; with 1 or 2 nearly every row looks like a sequel.
        at: The symbol of the open observation.
        ended: Whether the stream's last transition ended its episode.
        count: How many.
    """

    def anywhere() -> int:
        return int(rng.integers(alphabet))

    places = [at, anywhere(), anywhere()]
    ends = rng.choice((0.0, 0.1, 0.5))
    for _ in range(count):
        which = int(rng.integers(3)) if style == "several environments" else 0
        reset = {"walk": ended, "own resets": ended or rng.random() < 0.3, "shuffled": True}.get(style, False)
        obs = 0 if style == "bandit" else anywhere() if reset else places[which]
        next_obs = 0 if style == "bandit" else anywhere()
        terminated, truncated = (bool(flag) for flag in rng.random(2) < ends)
        yield Move(obs, next_obs, terminated, truncated)
        places[which], ended = next_obs, terminated or truncated


def fill(rng: np.random.Generator, column: Column) -> np.ndarray:
    """Any value of a column, each byte of it told apart from zero."""
    if column.dtype == "bool":
        return rng.random(column.shape) < 0.5
    return np.asarray(rng.integers(1, 100, column.shape), column.dtype)
