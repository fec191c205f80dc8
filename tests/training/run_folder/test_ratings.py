"""ratings.jsonl: what comes back, and what a write that was cut costs."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training.talking import WALKS, rate_walks, text_of

from dqn_fast import trees
from dqn_fast.errors import UsageError
from dqn_fast.training.run_folder.files import WriteError
from dqn_fast.training.run_folder.ratings import (
    Rating,
    Text,
    append_rating,
    pinned,
    rated_texts,
    read_ratings,
)


def rating(
    mark: int = 4, rater: str = "", obs: Any = None, words: str = "A: “Hallo”\nB: 你好\u2028"
) -> Rating:
    obs = np.arange(3) if obs is None else obs
    text = Text(words, obs, np.array([1, 0]), np.array([0.1, -1e-300]), False)
    return Rating(mark, rater, "abc", 0.25, {"env_id": "E", "env_kwargs": {"size": 3}}, text)


def equal(one: Rating, other: Rating) -> bool:
    pairs = [(one.text.action, other.text.action), (one.text.reward, other.text.reward)]
    assert trees.paths(one.text.obs) == trees.paths(other.text.obs)
    pairs += zip(trees.leaves(one.text.obs), trees.leaves(other.text.obs), strict=True)
    same = all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)
    return same and one[:-1] == other[:-1] and one.text.words == other.text.words


OBSERVATIONS = [
    np.array([3, 1, 2], np.int64),
    np.random.default_rng(0).normal(size=(3, 2, 4)).astype(np.float32),
    {"a": {"image": np.zeros((3, 8, 8), np.uint8)}, "b": np.array([[True], [False], [True]])},
]


@pytest.mark.parametrize("obs", OBSERVATIONS)
def test_everything_comes_back(tmp_path: Path, obs: Any) -> None:
    path, given = tmp_path / "ratings.jsonl", [rating(1, "Ann", obs), rating(5, "", obs, "")]
    for one in given:
        append_rating(path, one)
    found = read_ratings(path)
    assert len(found) == 2 and all(map(equal, found, given))
    assert found[0].text.digest() == given[0].text.digest() != found[1].text.digest()
    assert len(path.read_text(encoding="utf-8").splitlines()) >= 2


def test_a_write_that_was_cut_costs_its_line_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl"
    append_rating(path, rating(1))
    whole = path.read_bytes()
    append_rating(path, rating(2))
    second = path.read_bytes()[len(whole) :]
    for end in range(1, len(second)):  # at every byte
        path.write_bytes(whole + second[:end])
        append_rating(path, rating(3))
        if end == len(second) - 1:  # only the end of the line is missing
            assert [one.mark for one in read_ratings(path)] == [1, 2, 3]
            continue
        with pytest.warns(UserWarning, match=r"ratings\.jsonl, line 2: got a part of a mark, left out$"):
            found = read_ratings(path)
        assert [one.mark for one in found] == [1, 3]
    path.write_bytes(whole + second[:40])
    with pytest.warns(UserWarning, match="line 2: "):
        assert [one.mark for one in read_ratings(path)] == [1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 2}, "format: got 2, expected 1"),
        ({"mark": 6}, "mark: got 6, expected 1 to 5"),
        ({"mark": True}, "mark: got True, expected 1 to 5"),
        ({"mark": 3.5}, "mark: got 3.5, expected 1 to 5"),
        ({"action": [1]}, r"steps: got 1 actions and \[2, 2\] for them, expected as many"),
        ({"action": [], "reward": []}, "steps: got 0 actions"),
        ({"reward": [0.0, None]}, "reward: got one that is not finite, expected numbers"),
        ({"obs": ["<i8", [3], "AAAA"]}, "Error -3 while decompressing"),
        ({"obs": None}, "cannot unpack non-iterable NoneType"),
        ({"words": ...}, "'words' is missing"),
    ],
)
def test_a_line_that_is_no_mark_is_refused(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    path = tmp_path / "ratings.jsonl"
    append_rating(path, rating())
    line = json.loads(path.read_text(encoding="utf-8"))
    line.update(change)
    line = {name: value for name, value in line.items() if value is not ...}
    path.write_text(f"\n{json.dumps(line)}\n", encoding="utf-8")
    with pytest.raises(
        UsageError, match=rf"ratings\.jsonl, line 2: got {reason}.*, expected a mark of dqn_fast "
    ):
        read_ratings(path)
    path.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 1: got"):
        read_ratings(path)


def test_a_file_that_cannot_be_read_or_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^cannot read .*: No such file"):
        read_ratings(tmp_path / "ratings.jsonl")
    with pytest.raises(WriteError, match=r"^cannot write "):
        append_rating(tmp_path / "none" / "ratings.jsonl", rating())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_keeps_the_marks_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ratings.jsonl"
    append_rating(path, rating(2))
    with Path("/dev/full").open("wb", buffering=0) as full:
        patch = monkeypatch.setattr
        patch(
            "dqn_fast.training.run_folder.ratings.write_all", lambda file, data: os.write(full.fileno(), data)
        )
        with pytest.raises(WriteError, match="No space left"):
            append_rating(path, rating(3))
    assert [one.mark for one in read_ratings(path)] == [2]


def test_a_text_counts_once_with_the_mean_over_people_of_their_last_marks(tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl"
    rate_walks(path, (1, WALKS[0]), (5, WALKS[1]), (2, WALKS[0]))
    rate_walks(path, (5, WALKS[0]), rater="Ann")
    rate_walks(path, (4, WALKS[0]), rater="Ben")
    rated = rated_texts(read_ratings(path))
    assert [(one.text.words, one.mark) for one in rated] == [
        (text_of(WALKS[0]).words, pytest.approx((2 + 5 + 4) / 3)),
        (text_of(WALKS[1]).words, 5.0),
    ]


def test_a_pinned_name_is_of_the_marks_that_there_were(tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl"
    append_rating(path, rating(2))
    name = pinned(str(tmp_path))
    assert name == pinned(str(path)) == pinned(name) == f"{path}:{path.stat().st_size}"
    append_rating(path, rating(3))
    assert [one.mark for one in read_ratings(name)] == [2]
    assert [one.mark for one in read_ratings(tmp_path)] == [one.mark for one in read_ratings(path)] == [2, 3]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UsageError, match=r"jsonl: got 100 bytes, expected \d+ or more: marks were deleted$"):
        read_ratings(name)


def test_an_empty_file_is_no_marks(tmp_path: Path) -> None:
    (tmp_path / "ratings.jsonl").write_bytes(b"\n\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_ratings(tmp_path / "ratings.jsonl") == []
