"""Files and pickles of older versions are loaded, and the buffers go on as they would have."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from replay.saved_buffers import RECIPES, SAVED, contents

from dqn_fast import ReplayBuffer

FILES = sorted(path for path in SAVED.iterdir() if path.suffix in (".dqn", ".pickle"))


def test_there_is_a_file_and_a_pickle_of_each_kind() -> None:
    assert {path.name for path in FILES} == {
        f"{name}.{kind}" for name in RECIPES for kind in ("dqn", "pickle")
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_old_buffer_goes_on_as_it_would_have(path: Path) -> None:
    loaded = ReplayBuffer.load(path) if path.suffix == ".dqn" else pickle.loads(path.read_bytes())
    fresh = RECIPES[path.stem]()
    assert type(loaded) is type(fresh)
    if path.stem != "stacks":
        assert contents(loaded) == contents(fresh)


@pytest.mark.parametrize("kind", ["dqn", "pickle"])
def test_old_stacks_that_did_not_move_by_one_frame_come_back_and_their_segments_stay_broken(
    kind: str,
) -> None:
    """Format 1 began another segment there, whose frames before its first are derived: it stays so."""
    path = SAVED / f"stacks.{kind}"
    loaded = ReplayBuffer.load(path) if kind == "dqn" else pickle.loads(path.read_bytes())
    fresh = RECIPES["stacks"]()
    for _ in range(2):
        ours, theirs = (buffer.transitions(n_step=1) for buffer in (loaded, fresh))
        for name in ("obs", "action", "reward", "next_obs", "terminated", "truncated", "discount"):
            assert getattr(ours, name).tobytes() == getattr(theirs, name).tobytes(), name
        assert loaded.is_valid()
        for buffer in (loaded, fresh):  # it goes on from there
            last = theirs.next_obs[-1]
            buffer.add(last, 1, 1.0, np.roll(last, -1, -1), False)
    long, spanned = (buffer.transitions(n_step=9).discount for buffer in (loaded, fresh))
    assert (long >= spanned).all() and (long > spanned).any(), "a return ends where its segment did"
