"""Rating: which texts are shown, in which order, where marks go, and what they say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from envs.kinds import registered
from training.talking import TALKING, Talking
from training.tiny import Tiny

from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training import TrainConfig, build_env
from dqn_fast.training.evaluation.marks import marks_of
from dqn_fast.training.evaluation.rating import Unrated, rate, unrated_texts
from dqn_fast.training.evaluation.transcripts import tell
from dqn_fast.training.parts import build_q_net
from dqn_fast.training.run_folder.layout import RATINGS
from dqn_fast.training.run_folder.model import save_config, save_model
from dqn_fast.training.run_folder.ratings import read_ratings


@pytest.fixture(autouse=True)
def talking() -> Iterator[None]:
    with registered(Talking, Tiny):
        yield


def run(folder: Path, bias: float, config: TrainConfig = TALKING) -> Path:
    """Save a run whose agent goes right if the bias is positive, and left otherwise."""
    folder.mkdir(exist_ok=True)
    save_config(folder, config)
    with closing(build_env(config)) as env:
        q_net = build_q_net(config, env.observation_space, env.action_space)
    with torch.no_grad():
        for name, parameter in q_net.named_parameters():
            parameter.zero_()
            if name.endswith("bias") and len(parameter) == 2:
                parameter[1] = bias
    save_model(folder, q_net)
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> dict[Path, TrainConfig]:
    return {run(tmp_path / name, bias): TALKING for name, bias in (("right", 1), ("left", -1), ("too", 1))}


def answer(texts: list[Unrated], lines: list[str]) -> list[str]:
    """Rate with what a person types; return all that was shown."""
    shown: list[str] = []
    typed = iter(lines)

    def read(prompt: str) -> str:
        shown.append(prompt)
        line = next(typed, None)
        if line is None:
            raise EOFError
        return line

    rate(texts, read, shown.append)
    return shown


def test_marks_go_to_the_agents_that_wrote_the_text(runs: dict[Path, TrainConfig]) -> None:
    right, left, too = runs
    played: list[int] = []
    texts = unrated_texts(runs, episodes=8, seed=3, rater="Ann", on_episode=played.append)
    assert played == list(range(1, 25))
    # From place 0 or 1, straight to the goal or to the wall; both agents that go right say the same.
    walks = {
        "places 0 1 2 3 4 5": 5,
        "places 1 2 3 4 5": 4,
        f"places{' 0' * 11}": 1,
        f"places 1{' 0' * 10}": 2,
    }
    assert {text.words for text in texts} == set(walks)
    shown = answer(texts, [str(walks[text.words]) for text in texts])
    assert not any(name in line for line in shown for name in ("right", "left", "too"))  # blind
    for folder, marks in ((right, {4, 5}), (left, {1, 2}), (too, {4, 5})):
        ratings = read_ratings(folder / RATINGS)
        assert {one.mark for one in ratings} == marks
        for one in ratings:
            assert walks[one.text.words] == one.mark
            assert (one.rater, one.epsilon) == ("Ann", 0.0)
            places = [float(place) for place in one.text.words.removeprefix("places ").split()]
            assert one.text.obs[:, 0].tolist() == places
            assert one.text.action.tolist() == [int(folder != left)] * (len(places) - 1)
            assert one.text.reward.tolist() == [0.0] * (len(places) - 2) + [float(folder != left)]
            assert one.text.terminated == (folder != left)


def test_what_was_rated_does_not_come_again(runs: dict[Path, TrainConfig]) -> None:
    texts = unrated_texts(runs, episodes=8, seed=3)
    shown = answer(texts, ["", "six", "0", "6", " 3 "])  # none, four tries for one, then the end
    assert shown.count("(a number from 1 to 5)") == 3
    assert sum("text " in line for line in shown) == 3  # two, and one more before the end
    left_over = unrated_texts(runs, episodes=8, seed=3)
    assert {text.words for text in left_over} == {text.words for text in texts} - {texts[1].words}
    assert len(unrated_texts(runs, episodes=8, seed=3, rater="Ben")) == 4  # another person
    assert len(unrated_texts(runs, episodes=8, seed=3, epsilon=0.5)) > 4  # other texts
    # Another agent in the folder is to be rated anew.
    for folder in runs:
        run(folder, -2)
    again = unrated_texts(runs, episodes=8, seed=3)
    assert {text.words for text in again} == {f"places{' 0' * 11}", f"places 1{' 0' * 10}"}


def test_the_order_is_random_and_the_same_for_a_seed(runs: dict[Path, TrainConfig]) -> None:
    def order(seed: int) -> list[str]:
        return [text.words for text in unrated_texts(runs, episodes=8, seed=seed, epsilon=0.3)]

    assert order(0) == order(0) != order(1)
    # Not all texts of one agent before those of the next one.
    authors = [next(iter(text.files)) for text in unrated_texts(runs, episodes=8, seed=0, epsilon=0.3)]
    changes = sum(one != other for one, other in itertools.pairwise(authors))
    assert changes >= len(runs)


def test_each_text_is_recorded_as_a_plain_loop_sees_it() -> None:
    class Right:
        """Goes right, but for every third step."""

        steps = 0

        def act(self, obs: Any, step: int) -> Any:
            self.steps += 1
            return np.array([int(self.steps % 3 != 0)])

        def observe(self, reward: Any) -> None: ...
        def reset(self, rows: Any) -> None: ...

    env = Talking()
    texts = list(tell(Right(), env, env.transcript, [4, 5]))  # type: ignore[arg-type]
    env, policy = Talking(), Right()
    for seed, text in zip([4, 5], texts, strict=True):
        seen, actions, rewards, ended = [env.reset(seed=seed)[0]], [], [], False
        while not ended:
            actions.append(int(policy.act(None, 0)[0]))
            obs, reward, terminated, truncated, _ = env.step(actions[-1])
            seen, rewards, ended = [*seen, obs], [*rewards, reward], terminated or truncated
        assert text.words == env.transcript()
        np.testing.assert_array_equal(text.obs, seen)
        assert (text.action.tolist(), text.reward.tolist(), text.terminated) == (actions, rewards, terminated)


def test_the_mean_and_its_interval(runs: dict[Path, TrainConfig]) -> None:
    right, left, _ = runs
    assert str(marks_of(right)) == "no marks"
    texts = unrated_texts({right: TALKING}, episodes=40, seed=3, epsilon=0.4)
    marks = [1 + number % 5 for number in range(len(texts))]
    answer(texts, list(map(str, marks)))
    assert str(marks_of(right)) == "no marks"  # of texts without random actions
    found = marks_of(right, 0.4)
    rng = np.random.default_rng(7)
    means = [np.mean(rng.choice(marks, len(marks))) for _ in range(4_000)]  # the bootstrap, by a plain loop
    assert (found.texts, found.mean) == (len(marks), pytest.approx(np.mean(marks)))
    assert [found.low, found.high] == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.06)
    answer(unrated_texts({left: TALKING}, episodes=1), ["4"])
    assert str(marks_of(left)) == "mean mark 4.00 of 1 text"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"episodes": 0}, "episodes: got 0, expected at least 1"),
        ({"seed": -1}, r"seed: got -1, expected at least 0 and below 2\*\*31"),
        ({"epsilon": 1.5}, "epsilon: got 1.5, expected from 0 to 1"),
    ],
)
def test_numbers_outside_their_range(
    runs: dict[Path, TrainConfig], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=f"^{message}$"):
        unrated_texts(runs, **settings)


def test_what_cannot_be_rated_is_refused(runs: dict[Path, TrainConfig], tmp_path: Path) -> None:
    silent = replace(TALKING, env_id="Tiny-v0")
    with pytest.raises(
        UsageError, match=r"^Tiny-v0: got an environment that tells no episode in words, expected"
    ):
        unrated_texts({run(tmp_path / "silent", 1, silent): silent})
    with pytest.raises(UsageError, match=r"silent: got env_id Tiny-v0, expected Talking-v0, as in .*right$"):
        unrated_texts({**runs, tmp_path / "silent": silent})
    (tmp_path / "right" / "model.pt").unlink()
    with pytest.raises(UsageError, match=r"right has no model yet: cannot read model\.pt"):
        unrated_texts(runs)
