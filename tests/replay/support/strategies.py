"""What the state machines draw: all options of a buffer jointly, and streams that try to fool it.

Long because all options are drawn together, and the table of what they may be is one.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from replay.support.segment_oracle import Obs, Path, Stack, Stacks

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


class Leaf(NamedTuple):
    """One array of an observation: a stack of frames along an axis, which may count from the end."""

    frame: Column
    frames: int = 1
    axis: int = 0

    @property
    def column(self) -> Column:
        """Shape and dtype of the whole stack."""
        if self.frames == 1:
            return self.frame
        shape = list(self.frame.shape)
        shape[self.axis] *= self.frames
        return Column(tuple(shape), self.frame.dtype)


OBSERVATIONS = {
    "float32 vector": Column((3,), "float32"),
    "int64 scalar": Column((), "int64"),
    "uint8 image": Column((5, 8, 8), "uint8"),  # more than 256 bytes: a wide column
    "uint8 grey frame": Column((1, 20, 20), "uint8"),
    "float64 matrix": Column((2, 3), "float64"),
    "int8 bits": Column((6,), "int8"),
}
AXES = {"first": lambda ndim: 0, "middle": lambda ndim: ndim // 2, "last": lambda ndim: ndim - 1}
ACTIONS = {"int64 scalar": Column((), "int64"), "float32 vector": Column((2,), "float32")}
EXTRAS = {"none": {}, "two": {"log_prob": Column((), "float64"), "legal": Column((3,), "bool")}}

# Every option as a few levels; each level is a strategy for the value.
LEVELS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "capacity": {"1": st.just(1), "2 to 9": st.integers(2, 9), "10 to 40": st.integers(10, 40)},
    "num_envs": {"1": st.just(1), "2": st.just(2), "3": st.just(3)},
    "reserve": {"None": st.none(), "0": st.just(0.0), "small": st.floats(0.01, 0.5), "1": st.just(1.0)},
    "n_step": {"1": st.just(1), "few": st.integers(2, 4), "long": st.integers(5, 60)},
    "gamma": {"0": st.just(0.0), "between": st.floats(0.5, 0.999), "1": st.just(1.0)},
    "frame": {name: st.just(column) for name, column in OBSERVATIONS.items()},
    "frame_stack": {str(frames): st.just(frames) for frames in (1, 2, 3, 4)},
    "frame_axis": {name: st.just(axis) for name, axis in AXES.items()},
    "structure": {name: st.just(name) for name in ("array", "dict", "dict, one number for all")},
    "autoreset": {str(mode): st.just(mode) for mode in (None, "next_step", "same_step")},
    "action": {name: st.just(column) for name, column in ACTIONS.items()},
    "reward": {"float32": st.just("float32"), "float64": st.just("float64")},
    "spaces": {"given": st.just(True), "first add": st.just(False)}
    if HAS_SPACES
    else {"none": st.just(False)},
    "extra_fields": {name: st.just(columns) for name, columns in EXTRAS.items()},
    "draw_by": {name: st.just(name) for name in ("step", "segment")},
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
    frame: Column  # of the main array of an observation
    frame_stack: int
    frame_axis: Callable[[int], int]
    structure: str
    autoreset: str | None
    action: Column
    reward: str
    spaces: bool
    extra_fields: dict[str, Column]
    draw_by: str
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

    @cached_property
    def obs(self) -> dict[Path, Leaf]:
        """The arrays of an observation; an array alone has the path ()."""
        rng = random.Random(self.seed)

        def stacked(column: Column, frames: int, axis: Callable[[int], int]) -> Leaf:
            if frames == 1:
                return Leaf(column)
            column = Column(column.shape or (1,), column.dtype)
            from_the_end = rng.choice((0, len(column.shape)))
            return Leaf(column, frames, axis(len(column.shape)) - from_the_end)

        main = stacked(self.frame, self.frame_stack, self.frame_axis)
        if self.structure == "array":
            return {(): main}
        small = {
            ("camera", "left"): Column((2, 3), "uint8"),
            ("camera", "right"): Column((2,), "float32"),
            ("state",): Column((2,), "float64"),
            ("a", "nested", "one"): Column((3,), "int8"),
        }
        if self.structure == "dict":
            frames = {path: rng.choice((1, 2, 3, 4)) if path[0] == "camera" else 1 for path in small}
            axes = list(AXES.values())
            others = {path: stacked(column, frames[path], rng.choice(axes)) for path, column in small.items()}
        else:
            others = {path: Leaf(column, self.frame_stack, 0) for path, column in small.items()}
            main = main._replace(axis=0)
        return {("state",): others.pop(("state",)), ("main",): main, **others}

    @property
    def stacks(self) -> Stacks:
        return {path: Stack(leaf.frames, leaf.axis) for path, leaf in self.obs.items() if leaf.frames > 1}

    @property
    def step_bytes(self) -> int:
        """Of a step as it is stored: one frame of each array."""
        obs = sum(leaf.frame.nbytes for leaf in self.obs.values())
        return obs + sum(column.nbytes for column in self.columns.values())


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

STYLES = (
    "walk",
    "walk on after an end",
    "own resets",
    "shuffled",
    "bandit",
    "several environments",
    "vector environment",
)

Place = dict[Path, tuple[int, ...]]  # an observation as symbols: those of each array's frames, oldest first


@lru_cache(maxsize=2000)
def encode(column: Column, symbol: int) -> np.ndarray:
    """An array for a symbol of the alphabet: they differ in the first or the last element only."""
    value = np.zeros(column.shape, column.dtype)
    place = (0 if symbol % 2 else -1,) * len(column.shape)
    if column.dtype.startswith("float"):
        value[place] = ODD_FLOATS[symbol] if symbol < len(ODD_FLOATS) else symbol / 10
    elif column.dtype == "int8":
        value[:] = symbol >> np.arange(column.shape[0]) & 1
    else:
        value[place] = symbol
    return value


def nested(arrays: dict[Path, Any]) -> Any:
    """The nested dict of what lies at each path."""
    if () in arrays:
        return arrays[()]
    result: dict[str, Any] = {}
    for path, array in arrays.items():
        inner = result
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = array
    return result


def encode_obs(leaves: dict[Path, Leaf], place: Place) -> Obs:
    """The observation as a user has it: whole stacks, in nested dicts."""

    def array(leaf: Leaf, symbols: tuple[int, ...]) -> np.ndarray:
        frames = [encode(leaf.frame, symbol) for symbol in symbols]
        return frames[0].copy() if leaf.frames == 1 else np.concatenate(frames, leaf.axis)

    return nested({path: array(leaf, place[path]) for path, leaf in leaves.items()})


class World:
    """Where the observations of a stream come from: few symbols, so that accidents happen often.

    Args:
        rng: Where the choices come from.
        leaves: The arrays of an observation.
        alphabet: How many symbols a frame may have; with 1 or 2 nearly every row looks like a sequel.
    """

    def __init__(self, rng: np.random.Generator, leaves: dict[Path, Leaf], alphabet: int) -> None:
        self.rng, self.leaves, self.alphabet = rng, leaves, alphabet
        self.alike = rng.random() < 0.5  # whether all arrays show the same symbol
        self.chance = float(rng.choice((0.0, 0.1, 0.5)))  # that something goes wrong

    def chances(self) -> bool:
        return bool(self.rng.random() < self.chance)

    def origin(self) -> Place:
        """The place that is always there."""
        return {path: (0,) * leaf.frames for path, leaf in self.leaves.items()}

    def reset(self) -> Place:
        """A place where an episode begins: some frames, and before them one of the usual paddings."""
        usual, zeros = self.rng.random() < 0.6, self.rng.random() < 0.5
        mixed = self.chances()

        def padded(frames: int, new: tuple[int, ...]) -> tuple[int, ...]:
            with_zeros = self.rng.random() < 0.5 if mixed else zeros
            known = new[:1] if usual or frames == 1 else new[: int(self.rng.integers(1, frames + 1))]
            return (0 if with_zeros else known[0],) * (frames - len(known)) + known

        longest = max(leaf.frames for leaf in self.leaves.values())
        drawn = [self._symbols() for _ in range(1 if usual else longest)]
        new = {path: tuple(symbols[path] for symbols in drawn) for path in self.leaves}
        return {path: padded(leaf.frames, new[path]) for path, leaf in self.leaves.items()}

    def after(self, place: Place) -> Place:
        """One frame later; if something goes wrong, a stack that is no shift, perhaps by one frame only."""
        new = self._symbols()
        shifted = {path: (*symbols[1:], new[path]) for path, symbols in place.items()}
        if not self.chances():
            return shifted
        return self.reset() if self.rng.random() < 0.5 else self.altered(shifted)

    def altered(self, place: Place) -> Place:
        """The place, one frame of one array replaced."""
        paths = list(place)
        path = paths[int(self.rng.integers(len(paths)))]
        symbols = list(place[path])
        symbols[int(self.rng.integers(len(symbols)))] = self._symbols()[path]
        return {**place, path: tuple(symbols)}

    def _symbols(self) -> dict[Path, int]:
        if self.alike:
            return dict.fromkeys(self.leaves, int(self.rng.integers(self.alphabet)))
        drawn = self.rng.integers(self.alphabet, size=len(self.leaves))
        return dict(zip(self.leaves, drawn.tolist(), strict=True))


class Move(NamedTuple):
    """Observations of one transition, how it ended, and where the environment stands afterwards."""

    obs: Place
    next_obs: Place
    terminated: bool
    truncated: bool
    shown: Place  # what a vector environment that resets in the same step returns in place of next_obs
    then: Place
    over: bool

    @property
    def ended(self) -> bool:
        return self.terminated or self.truncated


def moves(
    world: World, style: str, at: Place, over: bool, count: int, autoreset: str | None = None
) -> Iterator[Move]:
    """Transitions of one stream.

    Args:
        world: Where the observations come from.
        style: One of STYLES: how the rows follow upon each other.
        at: Where the environment stands.
        over: Whether its episode is over.
        count: How many.
        autoreset: How a vector environment resets itself.
    """
    rng = world.rng
    places = [at, world.reset(), world.reset()]
    ends = rng.choice((0.0, 0.1, 0.5))
    for _ in range(count):
        which = int(rng.integers(3)) if style == "several environments" else 0
        if style == "vector environment" and over and autoreset != "same_step":
            reset = world.reset()
            move = Move(places[0], reset, False, False, reset, reset, False)
        else:
            own = style == "own resets" and rng.random() < 0.3
            starts = style == "shuffled" or (over and style in ("walk", "own resets")) or own
            obs = world.origin() if style == "bandit" else world.reset() if starts else places[which]
            if style != "vector environment" and world.chance == 0.5 and rng.random() < 0.1:
                obs = world.altered(obs)
            next_obs = obs if style == "bandit" else world.after(obs)
            terminated, truncated = (bool(flag) for flag in rng.random(2) < ends)
            over = terminated or truncated
            shown = world.reset() if over else next_obs
            resets = over and style == "vector environment" and autoreset == "same_step"
            then = shown if resets else next_obs
            move = Move(obs, next_obs, terminated, truncated, shown, then, over and not resets)
        yield move
        places[which], over = move.then, move.over


def fill(rng: np.random.Generator, column: Column) -> np.ndarray:
    """Any value of a column, each byte of it told apart from zero."""
    if column.dtype == "bool":
        return rng.random(column.shape) < 0.5
    return np.asarray(rng.integers(1, 100, column.shape), column.dtype)
