"""Pickles of older versions' drop-ins are loaded, and go on as they would have."""

from __future__ import annotations

import pickle

import pytest
from dropin.saved_dropins import RECIPES, SAVED, drawn, make


@pytest.mark.parametrize("name", RECIPES)
def test_an_old_pickle_goes_on_as_it_would_have(name: str) -> None:
    loaded = pickle.loads((SAVED / f"{name}.pickle").read_bytes())
    assert drawn(loaded) == drawn(make(name))
