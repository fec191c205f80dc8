"""A run reports its best weights, its last weights, and the steps that the choice took."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from training.stopping import CONFIG, Interrupting
from training.tiny import Tiny

from dqn_fast.cli import main
from dqn_fast.training import evaluate, train
from dqn_fast.training.evaluation import selection
from dqn_fast.training.run_folder.result import load_result


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    gym.register("Interrupting-v0", Interrupting)
    yield
    del gym.registry["Interrupting-v0"]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Environment steps of each evaluation, by who has asked for it."""
    steps: dict[str, list[int]] = {"selection": [], "run": []}

    def counting(who: str) -> Any:
        def evaluated(policy: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
            made, step = [0], env.step

            def counted(action: Any) -> Any:
                made[0] += 1
                return step(action)

            env.step = counted
            evaluation = evaluate(policy, env, *args, **kwargs)
            env.step = step
            steps[who].append(made[0])
            return evaluation

        return evaluated

    monkeypatch.setattr(selection, "evaluate", counting("selection"))
    monkeypatch.setattr("dqn_fast.training.run.evaluate", counting("run"))
    return steps


def test_best_and_last_are_told_apart_in_the_same_episodes(
    tmp_path: Path, played: dict[str, list[int]]
) -> None:
    last: dict[str, Any] = {}

    def observe(row: Any, agent: Any) -> None:
        last["returns"] = evaluate(agent.q_net, Tiny(), config.eval_episodes, config.seeds.evaluation)

    # The first selection is the only one: the last weights are others.
    config = replace(CONFIG, selection_period=400, total_steps=590, log_period=100)
    run = train(config, tmp_path, observers=[observe])
    result = run.result
    assert result.model_step == 400
    assert run.evaluation is not None
    assert run.last_evaluation is not run.evaluation
    assert run.last_evaluation == last["returns"]
    assert (result.eval_return_mean, result.eval_return_std) == (run.evaluation.mean, run.evaluation.std)
    assert (result.last_return_mean, result.last_return_std) == (last["returns"].mean, last["returns"].std)
    assert result.selection_steps == sum(played["selection"]) > 0
    assert len(played["run"]) == 2
    assert result.evaluation_steps == sum(played["run"])
    assert json.loads((tmp_path / "result.json").read_text()) == result.flat()


@pytest.mark.parametrize("selection_period", [0, 600])
def test_where_the_last_are_the_model_they_are_evaluated_once(
    tmp_path: Path, played: dict[str, list[int]], selection_period: int
) -> None:
    run = train(replace(CONFIG, selection_period=selection_period), tmp_path)
    result = run.result
    assert run.last_evaluation is run.evaluation
    assert result.last_return_mean == result.eval_return_mean
    assert result.selection_steps == sum(played["selection"])
    assert bool(result.selection_steps) == bool(selection_period)
    assert [result.evaluation_steps] == played["run"]


def test_an_older_result_does_not_know(tmp_path: Path) -> None:
    train(replace(CONFIG, selection_period=0), tmp_path)
    path = tmp_path / "result.json"
    new = ("last_return_mean", "last_return_std", "selection_steps", "evaluation_steps")
    old = {name: value for name, value in json.loads(path.read_text()).items() if name not in new}
    path.write_text(json.dumps(old))
    result = load_result(tmp_path)
    assert [getattr(result, name) for name in new] == [None] * 4


def test_the_command_says_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--total-steps 590 --learning-starts 100 --hidden-sizes 16 --log-period 100 --eval-episodes 3"
        " --selection-period 400 --selection-episodes 2 --no-video --output"
    )
    assert main(["train", "Interrupting-v0", *options.split(), str(tmp_path)]) == 0
    result = load_result(tmp_path)
    scores = [
        f"Interrupting-v0: return {mean:.1f} ± {std:.1f} over 3 episodes (ε = 0), {which}"
        for mean, std, which in (
            (result.eval_return_mean, result.eval_return_std, "best weights, of step 400"),
            (result.last_return_mean, result.last_return_std, "last weights, of step 590"),
        )
    ]
    assert capsys.readouterr().out.splitlines() == [
        *scores,
        f"590 steps of training, and {result.selection_steps} of the evaluations that chose the best weights",
        f"saved in {tmp_path}",
    ]
