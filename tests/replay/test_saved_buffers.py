"""Files and pickles of older versions are loaded, and the buffers go on as they would have."""

from __future__ import annotations

import pickle
from pathlib import Path

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
    assert contents(loaded) == contents(fresh)
