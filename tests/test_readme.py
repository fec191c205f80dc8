"""Examples of README and of the page of buffers run as they stand; README's figures are the benchmarks'."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BUFFERS = CHECKOUT / ".github" / "docs" / "pages" / "buffers.md"
PAGES = ["README.md", "bench/README.md", "csrc/README.md", ".github/RELEASING.md"]
PAGES += [str(page.relative_to(CHECKOUT)) for page in sorted(BUFFERS.parent.glob("*.md"))]
DROP_INS = re.findall(r"`(from dqn_fast\.dropin[^`]*)`", README)


def examples(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def run(example: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(example, "example", "exec"), names)
    return names


def test_readme_trains_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names = run(examples(README)[0], {})
    assert names["run"].result.steps == 2_000
    assert len(names["run"].evaluation.returns) == 5
    assert names["reward"] == 1


def test_readme_fills_a_buffer_and_samples_as_it_stands():
    names = run(examples(README)[1], {})
    assert len(names["buffer"]) == 1_000
    assert names["batch"].obs.shape == (32, 4)
    assert names["batch"].reward.max() > 1, "n-step returns of CartPole are larger than its rewards"


def test_the_examples_of_buffers_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    fill, stacks, sequences, segments, files = examples(BUFFERS.read_text(encoding="utf-8"))
    names = run(stacks, run(fill, {}))
    assert names["batch"].reward.max() > 1
    assert names["vector"].num_envs == 8
    run(sequences, names)
    assert names["rows"].learn.any() and np.isfinite(names["loss"])
    run(segments, names)
    batch = names["batch"]
    assert batch.obs[: batch.offsets[1]].tolist() == [101, 7, 42, 5, 8, 9, 3]
    assert names["long"].mask.shape[1] == 6
    run(files, names)
    assert len(names["buffer"]) == 1_000
    assert len(names["chosen"].indices) == 100


@pytest.mark.parametrize("line", DROP_INS)
def test_a_line_to_change_works_and_is_what_tests_use(line: str):
    module, names = re.fullmatch(r"from (\S+) import (.*)", line).groups()
    if module == "dqn_fast.dropin.rllib":  # has an environment of its own: `.ci/rllib`
        pytest.importorskip("tree", reason='needs `pip install ".[rllib]"`')
    exec(compile(line, "README.md", "exec"), {})
    tests = "".join(path.read_text() for path in (CHECKOUT / "tests" / "dropin").rglob("*.py"))
    imported = re.findall(rf"from {re.escape(module)} import (.*)", tests)
    assert set(names.split(", ")) <= set(", ".join(imported).split(", "))


def test_there_is_a_line_for_each_module():
    modules = {line.split()[1] for line in DROP_INS}
    folder = CHECKOUT / "dqn_fast" / "dropin"
    public = {path.stem for path in folder.iterdir() if not path.name.startswith(("_", "."))}
    assert modules == {f"dqn_fast.dropin.{name}" for name in public}


def test_the_five_numbers_are_those_of_the_benchmarks():
    table = README.partition("## Five numbers")[2].partition("![")[0]
    rows = re.findall(r"^\| ([^|]*) \| (.*) \|$", table, re.MULTILINE)[1:]
    figures = [figure for _, cells in rows for figure in re.findall(r"\d[\d,.]*\d", cells)]
    assert (len(rows), len(figures)) == (5, 14)
    benchmarks = (CHECKOUT / "bench" / "README.md").read_text(encoding="utf-8")
    measured = set(re.findall(r"\d[\d,.]*\d", benchmarks))
    assert [figure for figure in figures if figure not in measured] == [], "bench/README.md was made anew"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: str):
    folder = (CHECKOUT / page).parent
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    scripts = re.findall(r"python (bench/\S+\.py)", text)
    assert [link for link in links if not (folder / link).exists()] == []
    assert [script for script in scripts if not (CHECKOUT / script).exists()] == []
