"""The check before every measurement passes honest contenders, and finds the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from contenders import numpy_recipe, ours
from rivals import CONTENDERS, Contender, Unavailable
from same_work import check
from scenarios import SCENARIOS
from transitions import Array
from workloads import Workload

KINDS = {(scenario.workload.kind, scenario.workload.shape): scenario.workload for scenario in SCENARIOS}
RECIPES = [one for one in CONTENDERS if one.needs == "dqn_fast"]
PAIRS = [(one, workload) for workload in KINDS.values() for one in RECIPES if workload.kind in one.can]
SMALL = Workload("prioritised", 1000)


@pytest.mark.parametrize(
    ("contender", "workload"),
    PAIRS,
    ids=[f"{one.title}-{workload.kind}-{workload.shape}" for one, workload in PAIRS],
)
def test_ours_and_the_recipes_do_the_work_of_every_row(contender: Contender, workload: Workload) -> None:
    check(contender.build(workload.small()), workload.small(), contender.normalization)


RIVALS = [
    (one, workload)
    for workload in KINDS.values()
    for one in CONTENDERS
    if one.needs != "dqn_fast" and workload.kind in one.can and (workload.in_runs or one.name == "rlox")
]


@pytest.mark.filterwarnings("ignore")  # theirs
@pytest.mark.parametrize(
    ("contender", "workload"),
    RIVALS,
    ids=[f"{one.title}-{workload.kind}-{workload.shape}" for one, workload in RIVALS],
)
def test_rivals_of_sequences_and_segments_do_the_work(contender: Contender, workload: Workload) -> None:
    if not contender.is_installed:
        pytest.skip(f"{contender.needs} is not installed")
    try:
        memory = contender.build(workload.small())
    except Unavailable as reason:
        pytest.skip(str(reason))
    check(memory, workload.small(), contender.normalization)


class Dishonest(numpy_recipe.Prioritized):
    """Does the work except for one thing."""

    def sample(self, batch_size: int) -> dict[str, Array]:
        batch = super().sample(batch_size)
        self.spoil(batch)
        return batch

    def spoil(self, batch: dict[str, Array]) -> None:
        raise NotImplementedError


class Leaves(Dishonest):
    def spoil(self, batch: dict[str, Array]) -> None:
        del batch["truncated"]


class Mixes(Dishonest):
    def spoil(self, batch: dict[str, Array]) -> None:
        batch["next_obs"] = batch["next_obs"][::-1]


class Unweighted(Dishonest):
    def spoil(self, batch: dict[str, Array]) -> None:
        batch["weights"] = np.ones_like(batch["weights"])


class Reuses(Dishonest):
    def spoil(self, batch: dict[str, Array]) -> None:
        self.kept: dict[str, Array] = getattr(self, "kept", None) or batch.copy()
        for name, array in batch.items():
            self.kept[name][:] = array
        batch.update(self.kept)


class NeverUpdates(numpy_recipe.Prioritized):
    def update(self, batch: Any, priorities: Any) -> None:
        if len(priorities) == SMALL.size:  # as when it is filled
            super().update(batch, priorities)


class NeverAdds(numpy_recipe.Prioritized):
    def add(self, *step: Any) -> None:
        self.columns["obs"][0] = np.nan


@pytest.mark.parametrize(
    ("dishonest", "found"),
    [
        (Leaves, "obs"),
        (Mixes, "next_obs"),
        (Unweighted, "weights"),
        (Reuses, "is no copy"),
        (NeverUpdates, "the updated row"),
        (NeverAdds, "add does not keep"),
    ],
)
def test_other_work_is_found(dishonest: type[numpy_recipe.Prioritized], found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        check(dishonest(SMALL), SMALL, "batch")


def test_the_other_normalisation_is_found() -> None:
    with pytest.raises(AssertionError, match="weights"):
        check(numpy_recipe.Prioritized(SMALL), SMALL, "buffer")


RUNS = Workload("prioritised sequences", 1_000_000, episodes=(500, 1500), length=80, burn_in=40).small()
WHOLE = Workload("segments", 1_000_000, episodes=(20, 80)).small()


class DishonestRuns(ours.PrioritizedSequences):
    """Does the work of sequences except for one thing."""

    def __init__(self) -> None:
        super().__init__(RUNS, weight_normalization="batch")

    def arrays(self, batch: Any) -> dict[str, Array]:
        arrays = super().arrays(batch)
        self.spoil(arrays)
        return arrays

    def spoil(self, arrays: dict[str, Array]) -> None:
        raise NotImplementedError


class Crosses(DishonestRuns):
    def spoil(self, arrays: dict[str, Array]) -> None:
        arrays["offsets"] = arrays["offsets"][[0, *range(2, len(arrays["offsets"]))]]


class CutsShort(DishonestRuns):
    def sample_sequences(self, batch_size: int) -> Any:
        return self.buffer.sample_sequences(batch_size, 10, burn_in=self.burn_in)

    def spoil(self, arrays: dict[str, Array]) -> None:
        pass


class Shuffles(DishonestRuns):
    def spoil(self, arrays: dict[str, Array]) -> None:
        for name in set(arrays) - {"offsets", "drawn", "weights"}:
            arrays[name] = arrays[name][::-1]


class WeighsOthers(DishonestRuns):
    def spoil(self, arrays: dict[str, Array]) -> None:
        arrays["drawn"] = arrays["offsets"][1:] - 1


class UpdatesNothing(DishonestRuns):
    def update(self, batch: Any, priorities: Any) -> None:
        pass

    def spoil(self, arrays: dict[str, Array]) -> None:
        pass


@pytest.mark.parametrize(
    ("dishonest", "found"),
    [
        (Crosses, "consecutive|crosses"),
        (CutsShort, "too short"),
        (Shuffles, "consecutive"),
        (WeighsOthers, "weights"),
        (UpdatesNothing, "the updated step"),
    ],
)
def test_other_work_on_sequences_is_found(dishonest: type[DishonestRuns], found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        check(dishonest(), RUNS, "batch")


class Parts(ours.Segments):
    """Gives segments that lack their first step."""

    def arrays(self, batch: Any) -> dict[str, Array]:
        arrays = super().arrays(batch)
        offsets = arrays.pop("offsets")
        kept = np.ones(offsets[-1], np.bool_)
        kept[offsets[:-1]] = False
        shorter = {name: array[kept] for name, array in arrays.items()}
        return {**shorter, "offsets": offsets - np.arange(len(offsets))}


def test_a_part_of_a_segment_is_found() -> None:
    with pytest.raises(AssertionError, match="no whole episode"):
        check(Parts(WHOLE), WHOLE, None)
