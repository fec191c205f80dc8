"""Finished runs become lines of a table: real runs through the command, and made-up ones for the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dqn_fast.cli import main
from dqn_fast.training import TrainConfig, UsageError, train
from dqn_fast.training.run_folder.finished import by_settings, find_runs
from dqn_fast.training.run_folder.table import markdown


def write(folder: Path, config: dict[str, Any] | None = None, **result: Any) -> None:
    folder.mkdir(parents=True)
    base = {"env_id": "A-v0", "seed": 0, "steps": 1000, "interrupted": False, "eval_return_mean": 1.0}
    (folder / "result.json").write_text(json.dumps({**base, **result}))
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))


def table_of(folder: Path) -> list[str]:
    return markdown(by_settings(find_runs([folder])[0])).splitlines()


def test_real_runs_through_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    means = []
    for seed in (0, 1):
        config = TrainConfig(
            "CartPole-v1",
            seed=seed,
            total_steps=300,
            learning_starts=100,
            hidden_sizes=(8,),
            selection_period=0,
            eval_episodes=2,
        )
        means.append(train(config, Path("runs") / f"seed-{seed}").result.eval_return_mean)
    write(Path("runs/broken-off"), interrupted=True, eval_return_mean=None)
    capsys.readouterr()
    assert main(["table"]) == 0
    out, err = capsys.readouterr()
    mean, half = (means[0] + means[1]) / 2, abs(means[0] - means[1]) / 2
    line = out.splitlines()[2]
    assert line.startswith(
        f"| CartPole-v1 | 300 | 300 | 2 | {mean:.1f} ± {half:.1f} | {mean:.1f} ± {half:.1f} | "
    )
    assert len(out.splitlines()) == 3
    assert err == "dqn-fast: left out, since interrupted: runs/broken-off\n"
    assert main(["table", "runs/seed-1"]) == 0
    assert f"| CartPole-v1 | 300 | 300 | 1 | {means[1]:.1f} | " in capsys.readouterr().out
    assert main(["table", "runs/broken-off"]) == 2
    assert capsys.readouterr().err == (
        "dqn-fast: runs/broken-off: got no finished run, expected a result.json there or below\n"
    )


def test_lines_are_environment_steps_and_settings(tmp_path: Path) -> None:
    for seed in (0, 1):
        said = {"n_step": 3} if seed else {}  # the default, which the other leaves out
        write(tmp_path / f"a{seed}", {"seed": seed, "tau": 0.1, "threads": seed, **said}, seed=seed)
        other = {"seed": seed, "tau": 0.2, "threads": 1}
        write(tmp_path / f"b{seed}", other, seed=seed, eval_return_mean=3.0 + 2 * seed, train_return_mean=2)
    write(tmp_path / "c", {"tau": 0.1}, steps=2000, steps_per_second=1234.5)
    write(tmp_path / "d", None, env_id="B-v0")
    assert table_of(tmp_path) == [
        "| environment | settings | steps | seeds | evaluation (ε = 0) | training, last episodes | steps/s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| A-v0 | tau=0.1 | 1,000 | 2 | 1.0 ± 0.0 |  |  |",
        "| A-v0 | tau=0.2 | 1,000 | 2 | 4.0 ± 1.0 | 2.0 ± 0.0 |  |",
        "| A-v0 |  | 2,000 | 1 | 1.0 |  | 1,234 |",
        "| B-v0 |  | 1,000 | 1 | 1.0 |  |  |",
    ]


def test_best_and_last_weights_and_all_steps_stand_side_by_side(tmp_path: Path) -> None:
    for seed in (0, 1):
        new = {"last_return_mean": 0.5 + seed, "selection_steps": 100 + 200 * seed, "evaluation_steps": 7}
        write(tmp_path / f"new-{seed}", {}, seed=seed, eval_return_mean=2.0, **new)
    write(tmp_path / "old", {}, env_id="B-v0")
    assert table_of(tmp_path) == [
        "| environment | steps | with selection | seeds | evaluation (ε = 0) | last weights (ε = 0) |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| A-v0 | 1,000 | 1,200 | 2 | 2.0 ± 0.0 | 1.0 ± 0.5 |",
        "| B-v0 | 1,000 |  | 1 | 1.0 |  |",
    ]


def test_of_two_runs_with_one_seed_the_later_counts(tmp_path: Path) -> None:
    for number in (2, 1):
        write(tmp_path / f"run-{number}", {}, eval_return_mean=float(number))
    assert table_of(tmp_path)[-1] == "| A-v0 | 1,000 | 1 | 2.0 |"


@pytest.mark.parametrize("written", ["NaN", "null"])
def test_what_is_not_finite_is_blank(tmp_path: Path, written: str) -> None:
    """NaN is what an earlier version wrote."""
    write(tmp_path / "a", {}, train_return_mean=2.0)
    write(tmp_path / "b", {}, seed=1, train_return_mean=3.0)
    result = tmp_path / "b" / "result.json"
    result.write_text(result.read_text().replace('"eval_return_mean": 1.0', f'"eval_return_mean": {written}'))
    assert table_of(tmp_path)[-1] == "| A-v0 | 1,000 | 2 | 2.5 ± 0.5 |"


def test_infinity_is_one_setting_however_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "a", {"max_grad_norm": float("inf")}, seed=0)
    write(tmp_path / "b", {"max_grad_norm": "inf"}, seed=1)
    write(tmp_path / "c", {"max_grad_norm": 10.0}, seed=1)
    assert [line[:45] for line in table_of(tmp_path)[2:]] == [
        "| A-v0 | max_grad_norm=10.0 | 1,000 | 1 | 1.0",
        "| A-v0 | max_grad_norm=inf | 1,000 | 2 | 1.0 ",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", r".*result\.json is not JSON: .*"),
        ("[]", r".*result\.json: got list, expected an object"),
        (
            '{"env_id": "A-v0", "seed": 0, "interrupted": false}',
            r".*result\.json: got no steps, eval_return_mean, expected the result of a run",
        ),
        (
            '{"env_id": 5, "seed": 0, "steps": 1, "interrupted": false, "eval_return_mean": null}',
            r".*result\.json: env_id: got 5, expected str",
        ),
        (
            '{"env_id": "A", "seed": 0, "steps": 1, "interrupted": false, "eval_return_mean": "x"}',
            r".*result\.json: eval_return_mean: got 'x', expected float or null",
        ),
    ],
)
def test_a_file_that_is_no_result_is_named(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(UsageError, match=f"^{line}$"):
        find_runs([tmp_path])
