"""The check before every measurement passes honest contenders, and finds the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from contenders import numpy_recipe
from rivals import CONTENDERS, Contender
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
