"""KEY=VALUE on the command line, and keyword arguments in a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.training import TrainConfig, UsageError, load_config
from dqn_fast.training.run_folder.model import save_config
from dqn_fast.training.settings.keywords import keywords_of, words_of


def test_a_value_is_json_if_it_parses_and_text_otherwise() -> None:
    words = ["size=8", "slippery=false", "map_name=8x8", "desc=[1, 2.5]", "a=", "b=x=y", 'c="1"', "d=NaN"]
    assert keywords_of(words) == {
        "size": 8,
        "slippery": False,
        "map_name": "8x8",
        "desc": [1, 2.5],
        "a": "",
        "b": "x=y",
        "c": "1",
        "d": "NaN",
    }


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["CartPole-v1"], "argument: got 'CartPole-v1', expected KEY=VALUE"),
        (["=3"], "argument: got '=3', expected KEY=VALUE"),
        (["a b=3"], "argument: got 'a b=3', expected KEY=VALUE"),
        (["a=3", "a=4"], "a: got it twice, expected one value"),
    ],
)
def test_others_are_named(words: list[str], line: str) -> None:
    with pytest.raises(ValueError) as caught:
        keywords_of(words)
    assert str(caught.value) == line


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.from_regex("[a-z_]{1,5}", fullmatch=True), VALUES, max_size=3))
def test_words_give_the_same_values_again(keywords: dict[str, Any]) -> None:
    assert keywords_of(words_of(keywords)) == keywords
    assert TrainConfig("E", env_kwargs=keywords).env_kwargs == keywords


def test_a_configuration_holds_what_its_file_will_hold(tmp_path: Path) -> None:
    config = TrainConfig("E", env_kwargs={"size": np.int64(3), "desc": ("SF", ("FG",)), "deep": {"a": (1,)}})
    assert config.env_kwargs == {"size": 3, "desc": ["SF", ["FG"]], "deep": {"a": [1]}}
    save_config(tmp_path, config)
    assert json.loads((tmp_path / "config.json").read_text())["env_kwargs"] == config.env_kwargs
    assert load_config(tmp_path) == config


@pytest.mark.parametrize(
    "value", [3, {"a": object()}, {"a": float("nan")}, {"a b": 1}, {1: 2}, {"a": {1: 2}}, [("a", 1)]]
)
def test_values_that_no_file_holds_are_refused(value: Any) -> None:
    with pytest.raises(
        UsageError, match=r"^env_kwargs: got .*, expected names with values that JSON can hold$"
    ):
        TrainConfig("E", env_kwargs=value)
