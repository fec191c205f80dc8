"""Runs from data alone: what they count, that they go on exactly, and the memory that a run leaves."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from envs.kinds import registered
from training.stopping import Interrupting, stopped
from training.stopping import numbers as online_numbers
from training.tiny import Tiny

from dqn_fast import ReplayBuffer
from dqn_fast.cli import main
from dqn_fast.training import TrainConfig, UsageError, resume, train
from dqn_fast.training.multi_seed import resume_seeds
from dqn_fast.training.parts.networks import build_q_net
from dqn_fast.training.reports import read_last_row, read_rows
from dqn_fast.training.run_folder.finished import by_settings, find_runs
from dqn_fast.training.run_folder.model import weights_to_begin_with
from dqn_fast.training.run_folder.table import markdown

ONLINE = TrainConfig(
    "Tiny-v0",
    total_steps=400,
    learning_starts=100,
    hidden_sizes=(16,),
    batch_size=16,
    selection_period=0,
    eval_episodes=3,
    save_memory=True,
)


@pytest.fixture(autouse=True)
def tiny() -> Iterator[None]:
    with registered(Tiny, Interrupting):
        yield


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, str]:
    """Memories of a run each, uniform and prioritised."""
    folder = tmp_path_factory.mktemp("logs")
    with registered(Tiny):
        for prioritized in (False, True):
            train(replace(ONLINE, prioritized=prioritized), folder / str(prioritized))
    return {prioritized: str(folder / str(prioritized) / "memory.dqn") for prioritized in (False, True)}


def offline(log: str, **settings: Any) -> TrainConfig:
    common = {
        "offline": log,
        "save_memory": False,
        "total_steps": 300,
        "log_period": 50,
        "checkpoint_period": 70,
        "learning_rate": 1e-2,
    }
    return replace(ONLINE, **{**common, **settings})


def numbers(folder: Path) -> tuple[list[list[str]], bytes]:
    """All that a run found, apart from the clock."""
    with (folder / "metrics.csv").open() as file:
        rows = [
            [cell for name, cell in row.items() if name not in ("updates_per_second", "seconds")]
            for row in csv.DictReader(file)
        ]
    return rows, (folder / "model.pt").read_bytes()


def test_steps_are_learner_updates_and_nobody_acts(logs: dict[bool, str], tmp_path: Path) -> None:
    run = train(offline(logs[False], learn_updates=10, total_steps=95), tmp_path)
    assert (run.result.steps, run.result.updates) == (100, 100)  # a round is not divided
    assert (run.result.train_episodes, run.result.train_return_mean) == (0, None)
    assert run.result.unit == "updates"
    assert "| 100 updates | " in markdown(by_settings(find_runs([tmp_path])[0]))
    assert run.evaluation is not None
    rows = read_rows(tmp_path / "metrics.csv")
    assert [(row.step, row.updates) for row in rows] == [(50, 50), (100, 100)]
    assert read_last_row(tmp_path / "metrics.csv") == pytest.approx(rows[-1], nan_ok=True)
    head = (tmp_path / "metrics.csv").read_text().splitlines()[0].split(",")
    assert (head[0], "updates_per_second" in head, "step" in head) == ("update", True, False)
    assert (tmp_path / "learning_curve.png").stat().st_size > 10_000


@pytest.mark.parametrize("objective", ["iql", "cql"])
def test_what_the_data_hardly_did_is_not_overestimated(
    logs: dict[bool, str], tmp_path: Path, objective: Any
) -> None:
    """The log hardly ever goes back: Q-learning alone comes to think that going back is best."""
    run = train(offline(logs[False], objective=objective, n_step=1, total_steps=600, tau=0.05), tmp_path)
    assert run.evaluation is not None
    assert run.evaluation.returns == [1.0] * 3


@pytest.mark.parametrize(
    ("objective", "prioritized"),
    [("td", True), ("bc", False), ("mc", True), ("iql", False), ("iql", True), ("cql", False)],
)
def test_it_goes_on_where_it_was_stopped(
    logs: dict[bool, str], tmp_path: Path, objective: Any, prioritized: bool
) -> None:
    config = offline(logs[prioritized], objective=objective, prioritized=prioritized, selection_period=100)
    whole = train(config, tmp_path / "whole")

    def stop(row: Any, agent: Any) -> None:
        if row.step == 150:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(config, tmp_path / "parts", observers=[stop]).evaluation is None
    resumed = resume(tmp_path / "parts")
    assert resumed.evaluation == whole.evaluation
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")


@pytest.mark.parametrize("objective", ["bc", "iql"])
@pytest.mark.parametrize("length", [0, 4])
def test_networks_that_remember_learn_from_it_too(
    logs: dict[bool, str], tmp_path: Path, objective: Any, length: int
) -> None:
    settings = {"network": "gru", "sequence_units": 8, "sequence_length": length, "total_steps": 30}
    run = train(offline(logs[False], objective=objective, batch_size=4, **settings), tmp_path)
    assert run.result.updates == 30
    assert run.evaluation is not None


def test_a_checkpoint_needs_no_dataset_any_more(logs: dict[bool, str], tmp_path: Path) -> None:
    log = tmp_path / "log.dqn"
    log.write_bytes(Path(logs[False]).read_bytes())

    def stop(row: Any, agent: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    train(offline(str(log)), tmp_path / "run", observers=[stop])
    log.unlink()
    assert resume(tmp_path / "run").result.steps == 300


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_sizes": ()},
        {"hidden_sizes": (8,)},
        {"hidden_sizes": (8, 6)},
        {"network": "gru", "batch_size": 4},
    ],
)
def test_online_from_there_by_the_first_q(
    logs: dict[bool, str], tmp_path: Path, settings: dict[str, Any]
) -> None:
    before = offline(logs[False], objective="iql", total_steps=20, **settings)
    agents: list[Any] = []
    train(before, tmp_path / "before", observers=[lambda row, agent: agents.append(agent)])
    online: dict[str, Any] = {"objective": "td", "offline": None, "total_steps": 150}
    after = replace(before, from_folder=str(tmp_path / "before"), **online)
    space, actions = Tiny.observation_space, Tiny.action_space
    q_net = build_q_net(after, space, actions)
    q_net.load_state_dict(weights_to_begin_with(tmp_path / "before", after, q_net))
    heads = agents[-1].q_net.state_dict()
    firsts = [
        one for name, one in heads.items() if not any(f"head.{x}." in name for x in ("q2", "policy", "value"))
    ]
    assert all(torch.equal(a, b) for a, b in zip(q_net.state_dict().values(), firsts, strict=True))
    if "network" not in settings:
        obs = torch.arange(5.0)[:, None]
        implicit = agents[-1].q_net
        assert torch.equal(q_net(obs), implicit.representation.split(implicit(obs)).q)
    assert train(after, tmp_path / "after").result.steps == 150
    with pytest.raises(UsageError, match=r"^from_folder: got .*, expected weights that fit"):
        train(replace(after, dueling=True, hidden_sizes=(8,)), tmp_path / "dueling")


def test_a_run_leaves_its_memory_once_it_is_complete(tmp_path: Path) -> None:
    config = replace(ONLINE, env_id="Interrupting-v0")
    Interrupting.steps_made, Interrupting.presses_at = 0, 333
    assert train(config, tmp_path).evaluation is None
    Interrupting.presses_at = 0
    assert not (tmp_path / "memory.dqn").exists()
    resume(tmp_path)
    assert len(ReplayBuffer.load(tmp_path / "memory.dqn")) == 400
    train(replace(config, save_memory=False), tmp_path, overwrite=True)
    assert not (tmp_path / "memory.dqn").exists()


@pytest.mark.parametrize("objective", ["mc", "iql", "cql"])
def test_objectives_for_data_learn_online_and_go_on_too(tmp_path: Path, objective: Any) -> None:
    config = replace(ONLINE, objective=objective, env_id="Interrupting-v0", save_memory=False)
    whole = train(config, tmp_path / "whole")
    stopped(config, tmp_path / "parts", 222)
    assert resume(tmp_path / "parts").evaluation == whole.evaluation
    assert online_numbers(tmp_path / "parts") == online_numbers(tmp_path / "whole")


def test_settings_that_contradict_data() -> None:
    TrainConfig("E", offline="log.dqn", total_steps=10, learning_starts=1_000)
    with pytest.raises(UsageError, match=r"^objective: got bc, expected another, or --offline"):
        TrainConfig("E", objective="bc")
    with pytest.raises(UsageError, match=r"^stored_state: got True, expected False with --offline"):
        TrainConfig("E", offline="log.dqn", network="lstm", sequence_length=4, stored_state=True)


def test_the_command_and_its_bar_speak_of_updates(
    logs: dict[bool, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = f"train Tiny-v0 --offline {logs[False]} --total-steps 40 --hidden-sizes 8 --eval-episodes 1"
    options = ["--selection-period", "0", "--no-video", "--objective", "cql", "--n-step", "1", "--output"]
    assert main([*arguments.split(), *options, str(tmp_path / "run")]) == 0
    assert "40/40 updates" in capsys.readouterr().err
    chosen = ["--selection-period", "10", "--log-period", "10", "--selection-episodes", "1", "--no-video"]
    assert main([*arguments.split(), *chosen, "--output", str(tmp_path / "chosen")]) == 0
    said = capsys.readouterr().out
    assert "of step" not in said
    assert said.count("\n") == 2 or "40 updates of training, and " in said
    wrong = [*arguments.split(), "--prioritized", "--output", str(tmp_path / "wrong")]
    assert main(wrong) == 2
    said = capsys.readouterr().err
    assert said.startswith("dqn-fast: --offline: got ") and said.count("\n") == 1


def test_seeds_without_episodes_have_no_curves_to_draw(logs: dict[bool, str], tmp_path: Path) -> None:
    config = offline(logs[False])
    train(replace(config, seed=0), tmp_path / "seed-0")
    train(replace(config, seed=1), tmp_path / "seed-1")
    result = resume_seeds(tmp_path, jobs=1)
    assert len(result.scores) == 2
    assert not (tmp_path / "learning_curves.png").exists()
