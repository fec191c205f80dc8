"""Seeds of the parts of a run."""

from __future__ import annotations

from dqn_fast.training.seeds import derive_seeds


def test_every_part_of_every_run_has_its_own() -> None:
    seeds = [value for seed in range(500) for value in derive_seeds(seed)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_they_stay_what_they_are() -> None:
    # Another value here means that no published run can be repeated any more.
    assert derive_seeds(0) == (
        1878776328,
        336614359,
        1620722436,
        1842996703,
        608273276,
        1039430863,
        1235561164,
        11506308,
    )
