"""The slow twins of the views of several steps: rows of sequences and of segments, cell by cell.

They ask the twin of the memory for its steps and its transitions, and know nothing of how either is found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from replay.support.building import flat, same_value
from replay.support.oracles import ReplayTwin
from replay.support.segment_oracle import Row, Step

Cells = list[Row]  # one for each step that is shown; without a name, the cell is zero

TRANSITION = ("reward", "discount", "terminated", "truncated")


def bootstrap_step(twin: ReplayTwin, index: int, n_step: int) -> Step:
    """The step whose observation a transition bootstraps from."""
    acted = twin.segment_indices(index)
    behind = acted.index(index) + n_step
    return twin.step(acted[behind]) if behind < len(acted) else twin.segment(index)[-1]


def cell(twin: ReplayTwin, step: Step, stream: int, n_step: int, gamma: float) -> Row:
    """What a view shows of a step: all of it if it is acted, else its observation."""
    if step.fields is None:
        return {"step": step, **flat("obs", step.obs)}
    index = step.t * twin.num_envs + stream
    row = twin.row(index, n_step, gamma)
    others = {name: value for name, value in row.items() if name not in ("obs", "next_obs")}
    behind = bootstrap_step(twin, index, n_step)
    return {"step": step, "index": index, "behind": behind, **others, **flat("obs", step.obs)}


def segment_cells(twin: ReplayTwin, index: int, n_step: int, gamma: float) -> Cells:
    """The rows of the segment of a transition."""
    stream = index % twin.num_envs
    return [cell(twin, step, stream, n_step, gamma) for step in twin.segment(index)]


def is_whole(steps: list[Step]) -> bool:
    """Whether the first of these steps is the first of its segment."""
    return steps[0].t == steps[0].begins


def expected_sequence(
    twin: ReplayTwin, index: int, length: int, burn_in: int, n_step: int, gamma: float
) -> tuple[Cells, dict[str, Any]]:
    """The cells of the row of a drawn transition, and what is said of the row and of its steps."""
    steps = twin.segment(index)
    drawn = steps.index(twin.step(index))
    first = max(0, drawn - burn_in)
    columns = burn_in + length + n_step
    here = steps[first : first + columns]
    stream = index % twin.num_envs
    cells = [cell(twin, step, stream, n_step, gamma) for step in here]
    said: dict[str, Any] = {name: [] for name in ("mask", "acted", "learn", "bootstrap", "step_indices")}
    shown = 0
    for column, one in enumerate(cells[: drawn - first + length]):
        if one["step"].fields is None and not one["step"].is_context:
            break
        acted = "index" in one
        behind = next((i for i, step in enumerate(here) if acted and step is one["behind"]), None)
        if acted and behind is None:
            for name in TRANSITION:
                del one[name]
        said["mask"].append(True)
        said["acted"].append(acted)
        said["learn"].append(acted and column >= drawn - first and behind is not None)
        said["bootstrap"].append(column if behind is None else behind)
        said["step_indices"].append(one["index"] if acted else -1)
        shown = max(shown, column + 1, 0 if behind is None else behind + 1)
    said |= {"is_first": is_whole(here), "shown": shown}
    before = [None, *steps][first : first + shown]
    said["before"] = [None if step is None or step.fields is None else step.fields for step in before]
    return cells[:shown], said


def check_array(real: np.ndarray, expected: list[Any], zero_from: int | None = None) -> None:
    """The first elements are the expected ones, or zero where None is; all others are zero."""
    for position, value in enumerate(expected):
        wanted = np.zeros_like(real[position]) if value is None else value
        assert same_value(np.asarray(real[position]), wanted), (position, real[position], wanted)
    assert not real[len(expected) :].tobytes().strip(b"\0")


def names_of(batch: Any) -> list[str]:
    """The parts that a step that was acted on fills."""
    return ["action", *TRANSITION, *batch.extra]


def array_of(batch: Any, name: str) -> np.ndarray:
    return batch.extra[name] if name in batch.extra else getattr(batch, name)


def check_sequences(
    batch: Any, twin: ReplayTwin, length: int, burn_in: int, n_step: int, gamma: float, previous: bool
) -> None:
    """Every cell of every row is what the twin says, padding included."""
    steps = burn_in + length
    observations = flat("obs", batch.obs)
    for b, index in enumerate(batch.indices.tolist()):
        cells, said = expected_sequence(twin, index, length, burn_in, n_step, gamma)
        count = len(said["mask"])
        for name, array in observations.items():
            assert array.shape[:2] == (len(batch.indices), steps + n_step)
            check_array(array[b], [one[name] for one in cells])
        for name in names_of(batch):
            array = array_of(batch, name)
            assert array.shape[:2] == (len(batch.indices), steps)
            check_array(array[b], [one.get(name) for one in cells[:count]])
        for name in ("mask", "acted", "learn", "bootstrap"):
            assert array_of(batch, name)[b].tolist() == said[name] + [0] * (steps - count), name
        assert batch.step_indices[b].tolist() == said["step_indices"] + [-1] * (steps - count)
        assert bool(batch.is_first[b]) == said["is_first"]
        if not previous:
            assert batch.previous_action is None and batch.previous_reward is None
            continue
        for name in ("action", "reward"):
            array = getattr(batch, f"previous_{name}")
            assert array.shape[:2] == (len(batch.indices), steps + n_step)
            check_array(array[b], [None if fields is None else fields[name] for fields in said["before"]])


def check_segments(batch: Any, twin: ReplayTwin, n_step: int, gamma: float) -> None:
    """Every row of every segment is what the twin says."""
    assert batch.offsets.dtype == np.int32 and batch.offsets[0] == 0
    assert batch.offsets[-1] == len(batch.acted) == len(batch.step_indices)
    observations = flat("obs", batch.obs)
    for b, index in enumerate(batch.indices.tolist()):
        begin, end = batch.offsets[b : b + 2].tolist()
        cells = segment_cells(twin, index, n_step, gamma)
        assert twin.segment_indices(index)[0] == index
        assert end - begin == len(cells)
        for name, array in observations.items():
            check_array(array[begin:end], [one[name] for one in cells])
        for name in names_of(batch):
            check_array(array_of(batch, name)[begin:end], [one.get(name) for one in cells])
        steps = [one["step"] for one in cells]
        behind = [steps.index(one["behind"]) if "index" in one else i for i, one in enumerate(cells)]
        assert (batch.bootstrap[begin:end] - begin).tolist() == behind
        assert batch.acted[begin:end].tolist() == ["index" in one for one in cells]
        assert batch.step_indices[begin:end].tolist() == [one.get("index", -1) for one in cells]
        assert bool(batch.complete[b]) == is_whole(steps)


def segment_masses(batch: Any, twin: ReplayTwin) -> list[float]:
    """The mass of each drawn segment: its own, or the mean of its steps'."""
    assert twin.priorities is not None
    masses = twin.priorities.masses
    if twin.by_segment:
        return [masses[index] for index in batch.indices.tolist()]
    return [
        float(np.mean([masses[i] for i in twin.segment_indices(index)])) for index in batch.indices.tolist()
    ]


def check_padded(batch: Any, padded: Any, which: list[int]) -> None:
    """A padded batch holds the same as the packed one, of these segments."""
    lengths = np.diff(batch.offsets)[which]
    assert padded.acted.shape == (len(which), int(lengths.max()) - 1)
    packed, wide = flat("obs", batch.obs), flat("obs", padded.obs)
    for row, b in enumerate(which):
        begin, end = batch.offsets[b : b + 2].tolist()
        last = end - 1
        for name, array in packed.items():
            assert wide[name].shape[1] == int(lengths.max())
            check_array(wide[name][row], list(array[begin:end]))
        for name in names_of(batch):
            check_array(array_of(padded, name)[row], list(array_of(batch, name)[begin:last]))
        check_array(padded.bootstrap[row], list(batch.bootstrap[begin:last] - begin))
        assert padded.mask[row].tolist() == [True] * (last - begin) + [False] * (
            padded.mask.shape[1] - last + begin
        )
        check_array(padded.acted[row], list(batch.acted[begin:last]))
        assert padded.learn[row].tolist() == padded.acted[row].tolist()
        found = padded.step_indices[row].tolist()
        assert found[: last - begin] == batch.step_indices[begin:last].tolist()
        assert set(found[last - begin :]) <= {-1}
        assert (padded.is_first[row], padded.weights[row]) == (batch.complete[b], batch.weights[b])
        assert padded.indices[row] == batch.indices[b]
