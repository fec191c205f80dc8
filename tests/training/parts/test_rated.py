"""The buffer of rated texts: what a slow loop puts together from the lines, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from envs.kinds import registered
from gymnasium import spaces
from training.talking import TALKING, WALKS, Talking, rate_walks, text_of

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.envs import make_environments
from dqn_fast.errors import SettingError
from dqn_fast.training import TrainConfig
from dqn_fast.training.parts.envs import environment_of
from dqn_fast.training.parts.rated import build_rated, in_words
from dqn_fast.training.run_folder.ratings import Rating, Text, append_rating

GAMMA = 0.9


@pytest.fixture(autouse=True)
def talking() -> Iterator[None]:
    with registered(Talking):
        yield


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    """Marks of three texts: 5, 1 and 2, and two more of the first: 4 is the mean of its people."""
    rate_walks(tmp_path / "ratings.jsonl", (3, WALKS[0]), (1, WALKS[1]), (2, WALKS[2]))
    rate_walks(tmp_path / "ratings.jsonl", (5, WALKS[0]), rater="Ann")
    return replace(TALKING, ratings=(str(tmp_path),), rating_scale=3.0, gamma=GAMMA)


def built(config: TrainConfig) -> ReplayBuffer:
    with closing(make_environments(config.env_id, 1, 0)) as environments:
        return build_rated(config, environments)


def twin(lines: list[dict[str, Any]], marks: dict[str, float], config: TrainConfig) -> list[list[Any]]:
    """Return the rows of each text's segment from the lines of the file, by plain loops over numbers."""
    texts: dict[str, dict[str, Any]] = {}
    for line in lines:
        texts.setdefault(line["words"], line)
    segments = []
    for words, line in texts.items():
        places = [float(place) for place in words.removeprefix("places ").split()]
        rows, count = [], len(line["action"])
        for t in range(count):
            last = t == count - 1
            reward = 0.0 if config.rating_reward == "alone" else line["reward"][t]
            if last:
                reward += config.rating_scale * (marks[words] - 3) / 2
            terminated = last and (line["terminated"] or config.rating_reward == "alone")
            rows.append(
                [places[t], line["action"][t], reward, places[t + 1], terminated, last and not terminated]
            )
        segments.append(rows)
    return segments


@pytest.mark.parametrize("rating_reward", ["added", "alone"])
@pytest.mark.parametrize("prioritized", [False, True])
def test_each_text_is_a_segment_with_its_mark(
    config: TrainConfig, rating_reward: Any, prioritized: bool
) -> None:
    config = replace(config, rating_reward=rating_reward, prioritized=prioritized)
    path = Path(config.ratings[0]) / "ratings.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    marks = dict(zip((text_of(walk).words for walk in WALKS), (4.0, 1.0, 2.0), strict=True))
    segments = twin(lines, marks, config)

    buffer = built(config)
    assert isinstance(buffer, PrioritizedReplayBuffer) == prioritized
    rows = buffer.transitions(n_step=1)
    found = [
        list(row)
        for row in zip(
            rows.obs[:, 0].tolist(),
            rows.action.tolist(),
            rows.reward.tolist(),
            rows.next_obs[:, 0].tolist(),
            rows.terminated.tolist(),
            rows.truncated.tolist(),
            strict=True,
        )
    ]
    assert found == [row for rows in segments for row in rows]
    # Monte-Carlo returns: no view crosses from one text into the next.
    whole = buffer.transitions(n_step=100)
    returns = [
        sum(GAMMA**k * row[2] for k, row in enumerate(rows[t:]))
        for rows in segments
        for t in range(len(rows))
    ]
    np.testing.assert_allclose(whole.reward, returns, rtol=1e-6)
    assert len(buffer) == buffer.capacity == sum(map(len, segments))
    assert buffer.stats()["evicted"] == 0


def test_a_file_is_named_like_its_folder_and_several_are_one(config: TrainConfig, tmp_path: Path) -> None:
    other = tmp_path / "more.jsonl"
    rate_walks(other, (5, WALKS[1]), rater="Ben")
    both = replace(config, ratings=(str(tmp_path / "ratings.jsonl"), str(other)))
    ends = built(both).transitions(n_step=1)
    assert ends.reward[ends.terminated | ends.truncated].tolist() == [1 + 1.5, 1 + 0.0, -1.5]


def test_what_marks_are_worth_is_said(config: TrainConfig) -> None:
    assert in_words(config) == "3 rated texts: marks earn -3 to 1.5, added to 0 to 1 of the texts' own"
    assert in_words(replace(config, rating_reward="alone")) == "3 rated texts: marks earn -3 to 1.5"


class Flagged(gym.Env[Any, Any]):
    """A dict observation with a mask, in stacks."""

    observation_space = spaces.Dict(
        {"frames": spaces.Box(0, 255, (2, 3, 3), np.uint8), "action_mask": spaces.MultiBinary(2)}
    )
    action_space = spaces.Discrete(2)


def test_trees_and_stacks_of_frames(tmp_path: Path) -> None:
    config = TrainConfig("Flagged-v0", ratings=(str(tmp_path / "r.jsonl"),), frame_stack=1)
    frames = np.random.default_rng(0).integers(255, size=(5, 3, 3), dtype=np.uint8)
    obs = {
        "frames": np.stack([frames[:-1], frames[1:]], 1),
        "action_mask": np.ones((4, 2), np.int8),
    }
    text = Text("seen", obs, np.array([1, 0, 1]), np.zeros(3), True)
    append_rating(tmp_path / "r.jsonl", Rating(5, "", "weights", 0.0, environment_of(config), text))
    with registered(Flagged):
        rows = built(config).transitions(n_step=1)
    np.testing.assert_array_equal(rows.obs["frames"], obs["frames"][:-1])
    np.testing.assert_array_equal(rows.next_obs["frames"], obs["frames"][1:])
    assert rows.reward.tolist() == [0, 0, 1]

    illegal = {**obs, "action_mask": np.array([[1, 0]] * 4, np.int8)}
    append_rating(
        tmp_path / "r.jsonl", Rating(5, "", "", 0.0, environment_of(config), text._replace(obs=illegal))
    )
    with registered(Flagged), pytest.raises(SettingError, match="action: got 1 where action_mask forbids it"):
        built(config)


def refused(config: TrainConfig) -> str:
    with pytest.raises(SettingError) as caught:
        built(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_texts_of_another_environment_are_refused(config: TrainConfig, tmp_path: Path) -> None:
    place = config.ratings[0]
    rate_walks(tmp_path / "ratings.jsonl", (1, WALKS[0]), config=replace(TALKING, env_id="Talking-v1"))
    assert refused(config) == (
        f"ratings: got {place}, with env_id Talking-v1, expected texts of this run's environment:"
        " env_id Talking-v0"
    )
    kwargs = replace(config, ratings=(str(tmp_path / "k.jsonl"),))
    rate_walks(tmp_path / "k.jsonl", (1, WALKS[0]), config=replace(TALKING, env_kwargs={"size": 3}))
    assert "with env_kwargs {'size': 3}, expected texts of this run's environment: env_kwargs {}" in refused(
        kwargs
    )


def test_a_file_of_the_environment_that_has_changed_is_noticed(config: TrainConfig, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("one two")
    config = replace(config, env_kwargs={"words": str(words)}, ratings=(str(tmp_path / "r.jsonl"),))
    rate_walks(tmp_path / "r.jsonl", (1, WALKS[0]), config=config)
    before = environment_of(config)
    words.write_text("two one")
    assert environment_of(config) != before
    assert "with files {'words': " in refused(config)


def test_texts_that_do_not_fit_are_refused(config: TrainConfig, tmp_path: Path) -> None:
    text = text_of(WALKS[0])
    for number, (wrong, reason) in enumerate(
        [
            (text._replace(action=text.action + 1), "action: got 2, expected 0 to 1"),
            (text._replace(obs=np.zeros((5, 2), np.float32)), "obs: got shape"),
            (text._replace(obs={"a": text.obs}), "obs: got"),
        ]
    ):
        path = tmp_path / f"{number}.jsonl"
        append_rating(path, Rating(1, "", "", 0.0, environment_of(config), wrong))
        complaint = refused(replace(config, ratings=(str(path),)))
        assert complaint.startswith(f"ratings: got {path}, expected texts of Talking-v0 as it is: ")
        assert reason in complaint


def test_no_marks_and_rewards_that_a_network_would_miss(config: TrainConfig, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    complaint = refused(replace(config, ratings=(str(empty),)))
    assert complaint == f"ratings: got {empty}, expected at least one mark, which `dqn-fast rate` stores"
    path = tmp_path / "rich.jsonl"
    rich = text_of(WALKS[0])._replace(reward=np.array([1.0, 0, 0, 1]))
    append_rating(path, Rating(1, "", "", 0.0, environment_of(config), rich))
    alone = replace(config, ratings=(str(path),), rating_reward="alone", network="gru")
    assert refused(alone).startswith("rating_reward: got alone, expected added with --network gru")
    assert len(built(replace(alone, rating_reward="added"))) == 4
