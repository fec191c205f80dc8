"""What an environment reports and tells of its episodes comes into results and into words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from training.counting import Counting
from training.tiny import Tiny

from dqn_fast.errors import UsageError
from dqn_fast.training import TrainConfig, train
from dqn_fast.training.evaluation.evaluate import evaluate
from dqn_fast.training.multi_seed.result import MultiSeedResult, Outcome, save_multi_seed_result
from dqn_fast.training.run_folder.result import load_result


class StandingStill(Counting):
    """Walks left, against the wall."""

    def act(self, obs: Any, step: int) -> np.ndarray:
        return 0 * super().act(obs, step)


CONFIG = TrainConfig(
    "Telling-v0", total_steps=40, learning_starts=10, hidden_sizes=(4,), eval_episodes=5, selection_period=0
)


class Telling(Tiny):
    """Reports where it ended, and tells how it came there; episodes that reach the goal report it."""

    figures: Any = None

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        result = super().reset(**arguments)
        self.places = [self.place]
        return result

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, reward, terminated, truncated, _ = super().step(action)
        self.places.append(self.place)
        figures = self.figures or {
            "place": self.place,
            "steps": self.steps,
            **({"won": 1} if terminated else {}),
        }
        return obs, reward, terminated, truncated, {"figures": figures}

    def transcript(self) -> str:
        return " ".join(map(str, self.places))


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    gym.register("Telling-v0", Telling)
    gym.register("Silent-v0", Tiny)
    yield
    del gym.registry["Telling-v0"], gym.registry["Silent-v0"]


def test_figures_are_means_over_the_episodes_that_have_them() -> None:
    walk = evaluate(Counting(1), Telling(), 6, seed=0)
    assert walk is not None
    assert walk.figures == {"place": 5, "steps": walk.steps / 6, "won": 1}
    assert str(walk).startswith("return 1.0 ± 0.0, place 5, steps 4.")
    stand = evaluate(StandingStill(1), Telling(), 6, seed=0)
    assert stand is not None
    assert stand.figures == {"place": 0, "steps": 10}
    silent = evaluate(Counting(1), Tiny(), 3, seed=0)
    assert silent is not None
    assert silent.figures == {}


@pytest.mark.parametrize("figures", [7, {"place": "far"}, {"place": None}])
def test_figures_that_are_none_are_one_line(figures: Any) -> None:
    env = Telling()
    env.figures = figures
    with pytest.raises(UsageError, match=r"Telling: info\['figures'\]: got .*, expected numbers by name"):
        evaluate(Counting(1), env, 1, seed=0)


def test_a_run_has_them_in_its_result_and_is_told(tmp_path: Path) -> None:
    run = train(CONFIG, tmp_path)
    assert run.evaluation is not None
    content = json.loads((tmp_path / "result.json").read_text())
    assert content["place"] == run.evaluation.figures["place"]
    # The run's own number keeps its name.
    assert content["steps"] == 40
    assert content["env_steps"] == run.evaluation.figures["steps"]
    assert "figures" not in content
    again = load_result(tmp_path)
    assert again.figures == {name: content[name] for name in sorted(content) if name in again.figures}
    assert {"place", "env_steps"} <= set(again.figures)
    save_multi_seed_result(
        tmp_path, MultiSeedResult("Telling-v0", [Outcome(0, tmp_path, "done", again)], False)
    )
    (seed,) = json.loads((tmp_path / "group.json").read_text())["seeds"]
    assert seed["result"]["place"] == content["place"]

    told = (tmp_path / "episodes.txt").read_text()
    assert run.episodes == told
    episodes = told.strip().split("\n\n")
    assert len(episodes) == 3
    assert all(one[0] in "01" for one in episodes)


def test_they_are_the_first_of_the_evaluation(tmp_path: Path) -> None:
    run = train(replace(CONFIG, eval_episodes=3), tmp_path)
    assert run.evaluation is not None
    assert run.episodes is not None
    places = [one.split() for one in run.episodes.strip().split("\n\n")]
    assert [float(one[-1] == "5") for one in places] == run.evaluation.returns
    assert sum(len(one) - 1 for one in places) == run.evaluation.steps


def test_an_environment_that_tells_nothing(tmp_path: Path) -> None:
    run = train(replace(CONFIG, env_id="Silent-v0"), tmp_path)
    assert run.episodes is None
    assert not (tmp_path / "episodes.txt").exists()
