"""What is measured. A row of the table is a workload, a user's line of Python, and a goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, NamedTuple, TypeAlias

from rivals import CONTENDERS, Contender, Memory
from transitions import priorities
from workloads import Workload

Call: TypeAlias = Callable[[], object]
Line: TypeAlias = Callable[[Memory, Workload], Call]

NEW_ROWS = 20_000  # transitions that `extend` adds in turn
NEW_STEPS = 250  # steps that `add` adds in turn: few, so that they are in the cache, like an environment's
BATCHES = 100  # batches of new priorities in turn, so that no update can be skipped as unchanged


class Limit(NamedTuple):
    """Ours may take at most `times` as long as a contender took in the row of this title."""

    times: float
    title: str
    contender: str


@dataclass(frozen=True)
class Scenario:
    """A row of the table.

    Attributes:
        title: what the row is called.
        workload: what the memory holds.
        line: makes the call that is timed from a full memory.
        goal: how many times as fast as the best rival ours is to be; None if there is no goal.
        limit: what ours is compared with instead of rivals.
        per: transitions per call, if the table gives the cost of each; else 1.
        only: names of the contenders; None for all that can do the workload.
        curve: title of the curve of cost against size that this row is a point of.
    """

    title: str
    workload: Workload
    line: Line
    goal: float | None = None
    limit: Limit | None = None
    per: int = 1
    only: tuple[str, ...] | None = None
    curve: str | None = None

    @property
    def in_runs(self) -> bool:
        """Whether it belongs to the table of sequences and segments."""
        return self.workload.in_runs

    @property
    def slug(self) -> str:
        """The title, fit for `pytest -k`."""
        return "-".join(self.title.replace(",", " ").replace("+", " ").replace(":", " ").split())

    def contenders(self) -> list[Contender]:
        """Return who takes part."""
        able = (one for one in CONTENDERS if self.workload.kind in one.can)
        return [one for one in able if self.only is None or one.name in self.only]


def add(memory: Memory, workload: Workload) -> Call:
    """Add one step of each environment."""
    recorded = workload.record(seed=11, size=NEW_STEPS * workload.environments)
    steps, call = cycle([memory.given(step) for step in recorded.steps()]), memory.add
    return lambda: call(*next(steps))


def extend(rows: int) -> Line:
    """Add many steps of one environment in one call."""

    def line(memory: Memory, workload: Workload) -> Call:
        recorded = workload.record(seed=11, size=NEW_ROWS)
        parts = [recorded[first : first + rows] for first in range(0, NEW_ROWS, rows)]
        batches, call = cycle([tuple(part.fields.values()) for part in parts]), memory.extend
        return lambda: call(*next(batches))

    return line


def sample(batch_size: int) -> Line:
    """Sample a batch, with every field in an array."""

    def line(memory: Memory, workload: Workload) -> Call:
        call = memory.sample
        return lambda: call(batch_size)

    return line


def learn(batch_size: int) -> Line:
    """Sample a batch, with every field in an array or a tensor, and update its priorities."""

    def line(memory: Memory, workload: Workload) -> Call:
        new = priorities(BATCHES * batch_size, seed=12).reshape(-1, batch_size)
        given, draw, update = cycle([workload.given(row) for row in new]), memory.sample, memory.update
        return lambda: update(draw(batch_size), next(given))

    return line


UNIFORM, PRIORITIZED = Workload("uniform"), Workload("prioritised")
COLUMNS, TORCHRL = Workload("prioritised, own columns"), Workload("prioritised, torchrl")
TENSORS, STEPS = Workload("prioritised, tensors"), Workload("prioritised, n-step", n=3)
IMAGES, COPIED = (Workload(kind, 50_000, (4, 84, 84)) for kind in ("stacks", "stacks into a batch"))
THESIS, WHOLE = (
    Workload(kind, IMAGES.size, IMAGES.shape, environments=8, n=3)
    for kind in ("thesis", "thesis, whole stacks")
)
CURVE = "prioritised sample + update of 256"
INTO = "stacks of 4x84x84, sample of 32 into a given batch"
COPY = "a plain copy"
# Episodes of a hundred and more rows, so that nearly all sequences are full ones.
LONG, SHORT, TEXTS = (500, 1500), (20, 80), (10, 2000)


def sequences(kind: str, **options: Any) -> Workload:
    """Return a memory for sequences as R2D2 learns from them."""
    return Workload(kind, episodes=LONG, length=80, burn_in=40, **options)


def beside_copy(title: str, kind: str, line: Line, times: float, **options: Any) -> Scenario:
    """Return a row of sequences into a given batch, with a copy of as many runs as its limit."""
    title = f"{title}, into a given batch"
    return Scenario(title, sequences(kind, **options), line, limit=Limit(times, title, COPY))


STACKS: dict[str, Any] = {"size": 20_000, "shape": IMAGES.shape}  # some rivals keep whole stacks, twice
SEGMENTS = Workload("segments", episodes=SHORT)
SEGMENTS_COPIED = "64 segments of 20 to 80 steps, and a copy"
TEXTS_COPIED = "segments of 10 to 2,000 int32 tokens, at most 16,384 rows"
SEQUENCE = "sequences of 80 and 40 before them"


def stored(size: int, only: tuple[str, ...] | None = None, limit: Limit | None = None) -> Scenario:
    """Return a point of the curve: the same row with another number of transitions."""
    workload = Workload("prioritised", size)
    return Scenario(f"{CURVE}, {size:,} stored", workload, learn(256), limit=limit, only=only, curve=CURVE)


# Rows that sample a memory come before rows that add to it: new transitions have the largest priority, and
# whoever adds faster would have more of them to draw.
SCENARIOS = (
    Scenario("uniform sample of 32", UNIFORM, sample(32), goal=6),
    Scenario("uniform sample of 256", UNIFORM, sample(256), goal=5),
    Scenario("add 1, uniform", UNIFORM, add, goal=3),
    Scenario("extend by 1,000, uniform, each", UNIFORM, extend(1000), goal=2, per=1000),
    Scenario("add a step of 8 environments", Workload("environments", environments=8), add, goal=5),
    Scenario("add a step of 64 environments", Workload("environments", environments=64), add, goal=5),
    Scenario("prioritised sample + update of 32", PRIORITIZED, learn(32), goal=12),
    Scenario(CURVE, PRIORITIZED, learn(256), goal=7, curve=CURVE),
    stored(10_000),
    stored(100_000),
    stored(10_000_000, ("ours",), Limit(2.5, f"{CURVE}, 100,000 stored", "ours")),
    Scenario("add 1, prioritised", PRIORITIZED, add, goal=3),
    Scenario("extend by 1,000, prioritised, each", PRIORITIZED, extend(1000), goal=2, per=1000),
    Scenario("prioritised sample + update of 32, torch tensors", TENSORS, learn(32), goal=12),
    Scenario(f"{CURVE}, torch tensors", TENSORS, learn(256), goal=7),
    Scenario(f"{CURVE}, n-step 3", STEPS, learn(256), goal=10),
    Scenario(f"{CURVE}, 64 float32", Workload("prioritised", shape=(64,)), learn(256), goal=5),
    Scenario("columns of NumPy and PriorityIndex, sample + update of 32", COLUMNS, learn(32), goal=5),
    Scenario("columns of NumPy and PriorityIndex, sample + update of 256", COLUMNS, learn(256), goal=3),
    Scenario("torchrl's buffer with our sampler, sample + update of 32", TORCHRL, learn(32), goal=1.5),
    Scenario("torchrl's buffer with our sampler, sample + update of 256", TORCHRL, learn(256), goal=1.5),
    Scenario("stacks of 4x84x84, uniform sample of 32", IMAGES, sample(32), goal=1),
    Scenario(INTO, COPIED, sample(32), limit=Limit(1.3, INTO, COPY)),
    Scenario("stacks, n-step 3, prioritised, 8 environments, of 32", THESIS, learn(32), goal=3),
    Scenario("the same, tianshou storing whole stacks", WHOLE, learn(32), goal=3),
    Scenario(f"64 {SEQUENCE}, uniform", sequences("sequences"), sample(64), goal=10),
    Scenario(f"64 {SEQUENCE}, prioritised + update", sequences("prioritised sequences"), learn(64), goal=10),
    Scenario(f"16 {SEQUENCE}, 4x84x84", sequences("sequences", **STACKS), sample(16)),
    Scenario("64 segments of 20 to 80 steps", SEGMENTS, sample(64), goal=10),
    beside_copy(f"64 {SEQUENCE}, uniform", "sequences into a batch", sample(64), 1.5),
    beside_copy(f"64 {SEQUENCE}, prioritised + update", "prioritised sequences into a batch", learn(64), 1.5),
    beside_copy(f"16 {SEQUENCE}, 4x84x84", "sequences into a batch", sample(16), 1.3, **STACKS),
    Scenario(
        SEGMENTS_COPIED,
        replace(SEGMENTS, kind="segments and a copy"),
        sample(64),
        limit=Limit(1.5, SEGMENTS_COPIED, COPY),
    ),
    Scenario(
        TEXTS_COPIED,
        Workload("texts", shape=(), episodes=TEXTS),
        sample(16_384),
        limit=Limit(2.5, TEXTS_COPIED, COPY),  # ours gives 35 bytes a row, the copy 14
    ),
)
