"""README's examples are run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dqn_fast import ReplayBuffer

README = (Path(__file__).parent.parent / "README.md").read_text()


EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_training_example_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(EXAMPLES[0], "README.md", "exec"), names)
    assert names["run"].result.steps == 2_000
    assert len(names["run"].evaluation.returns) == 5
    assert names["reward"] == 1
    names["stop_when_solved"](SimpleNamespace(return_mean=474.9), None)
    with pytest.raises(names["StopTraining"]):
        names["stop_when_solved"](SimpleNamespace(return_mean=475.0), None)


def test_the_examples_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    _, first, second = EXAMPLES[:3]
    names: dict[str, Any] = {}
    exec(compile(first, "README.md", "exec"), names)
    buffer, batch = names["buffer"], names["batch"]
    assert len(buffer) == 1_000
    assert batch.obs.shape == (32, 4)
    assert batch.reward.max() > 1, "n-step returns of CartPole are larger than its rewards"
    names["ReplayBuffer"] = ReplayBuffer
    exec(compile(second, "README.md", "exec"), names)
    assert len(names["buffer"]) == len(names["everything"].indices) == 1_000


def run_example_with(text: str) -> dict[str, Any]:
    """Runs the only example in which this text stands, and returns its names."""
    (example,) = [example for example in EXAMPLES if text in example]
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)
    return names


def test_the_example_of_the_index_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    names = run_example_with("PriorityIndex(1_000")
    assert len(names["index"]) == 999 and names["stale"] == 0
    assert set(names["records"]) <= set(range(2_000, 3_000))
    assert (tmp_path / "priorities.dqn").exists()


def test_the_example_of_torchrl_runs_as_it_stands():
    pytest.importorskip("torchrl")
    names = run_example_with("dropin.torchrl import PrioritizedSampler")
    assert names["rows"]["priority_weight"].shape == (32,)


DROP_INS = re.findall(r"`(from dqn_fast\.dropin[^`]*)`", README)


@pytest.mark.parametrize("line", DROP_INS)
def test_a_line_to_change_works_and_is_what_tests_use(line: str):
    exec(compile(line, "README.md", "exec"), {})
    module, names = re.fullmatch(r"from (\S+) import (.*)", line).groups()
    tests = "".join(path.read_text() for path in (Path(__file__).parent / "dropin").rglob("*.py"))
    imported = re.findall(rf"from {re.escape(module)} import (.*)", tests)
    assert set(names.split(", ")) <= set(", ".join(imported).split(", "))


def test_there_is_a_line_for_each_module():
    modules = {line.split()[1] for line in DROP_INS}
    folder = Path(__file__).parent.parent / "dqn_fast" / "dropin"
    public = {path.stem for path in folder.iterdir() if not path.name.startswith(("_", "."))}
    assert modules == {f"dqn_fast.dropin.{name}" for name in public}
