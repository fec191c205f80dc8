"""Random use of random buffers, in step with the slow twin: every row comes back byte for byte."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from replay.support.census import HAPPENED, MET
from replay.support.machine import ReplayMachine
from replay.support.strategies import all_pairs, covering_rows

ROWS = covering_rows()
RUN: set[int] = set()  # the rows that have been run

MUST_HAPPEN = {
    "began a segment",
    "joined a segment",
    "evicted",
    "evicted early",
    "masked out",
    "extended one of the streams",
    "extended some of the streams",
    "extended all of the streams",
    "extended by frames",
    "extended by unrelated rows",
    "cleared",
    "nothing to draw",
    "rows compared",
    "rows of frames compared",
    "sampled into out",
    "updated",
    "updated a duplicate",
    "stale update",
    "refused an update",
    "looked at all",
    "next_obs was no shift of obs",
    "stack padded as usual",
    "stack needed context",
    "tail looked back",
    "context began a segment",
    "context went on",
    "went on from a context",
    "dropped a reset's row",
    "gave final observations",
    *(f"went on with a copy by {how}" for how in ("pickle", "copy", "file")),
    *(f"stepped a vector environment, autoreset={mode}" for mode in (None, "next_step", "same_step")),
}


def examples(share: int) -> settings:
    """A share of the profile's examples, at least two."""
    return settings(max_examples=max(2, settings().max_examples // share), stateful_step_count=30)


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_buffer_and_twin_agree_under_options_that_meet(row: int) -> None:
    run_state_machine_as_test(lambda: ReplayMachine(ROWS[row]), settings=examples(share=12))
    RUN.add(row)


def test_buffer_and_twin_agree_under_any_options() -> None:
    run_state_machine_as_test(ReplayMachine, settings=examples(share=2))


@pytest.mark.skipif("len(RUN) < len(ROWS)", reason="only a part of the rows was run")
def test_every_pair_of_options_has_met() -> None:
    assert all_pairs() <= MET.keys()


# Fewer cases may miss a rare event, and so may others.
@pytest.mark.skipif("len(RUN) < len(ROWS)", reason="only a part of the rows was run")
@pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "ci", reason="of the profile ci alone")
def test_every_kind_of_event_has_happened() -> None:
    assert {name for name in MUST_HAPPEN if not HAPPENED[name]} == set()
