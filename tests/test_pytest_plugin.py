"""`pytest --benchmark` in real runs of pytest: in this checkout, and in small ones made for the purpose.

They need pytest-benchmark (of the extra `bench`), except for those that hide it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import dqn_fast

CHECKOUT = Path(__file__).parents[1]
FOLDERS = [".", "tests", "csrc/bindings", "bench"]
ADD, SAMPLE = "bench/bench_add.py::bench_add", "bench/bench_sample.py::bench_sample"
TEST = "tests/test_one.py::test_one"
LIST = ["--collect-only", "-q"]

# The command `pytest`: unlike `python -m pytest` it does not look for modules in the working folder.
PYTEST = "import sys; sys.path.pop(0); import pytest; sys.exit(pytest.main())"

# Hides a distribution from both ways in which it is found: its entry points, and its modules.
HIDE_BENCHMARK = """
import importlib.abc, importlib.metadata, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pytest_benchmark":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

every = importlib.metadata.distributions
importlib.metadata.distributions = lambda **context: (
    found for found in every(**context) if found.metadata["Name"] != "pytest-benchmark"
)
sys.meta_path.insert(0, Hidden())
"""

with_benchmark = pytest.mark.skipif(
    find_spec("pytest_benchmark") is None,
    reason="pytest-benchmark is not installed: pip install pytest-benchmark",
)


def run_pytest(folder: Path, *args: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Runs pytest with the dqn_fast of this process, and no settings but those of the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    found = [str(Path(dqn_fast.__file__).parents[1]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    return subprocess.run(
        [sys.executable, "-c", before + PYTEST, "-p", "no:hypothesispytest", *args],  # slow to import
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def collected(run: subprocess.CompletedProcess[str]) -> set[str]:
    """The functions that `--collect-only -q` lists, as `file::function`."""
    assert run.returncode in (0, pytest.ExitCode.NO_TESTS_COLLECTED), run.stdout + run.stderr
    return {line.partition("[")[0] for line in run.stdout.splitlines() if "::" in line}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with this one's settings, two benchmarks, one test, and a conftest.py that it needs."""
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for name in ("add", "sample"):
        text = f"def bench_{name}(benchmark):\n    benchmark(sum, [1, 2])\n"
        (tmp_path / f"bench/bench_{name}.py").write_text(text)
    (tmp_path / "tests/conftest.py").write_text("import os\nassert 'NO_TESTS' not in os.environ\n")
    (tmp_path / "tests/test_one.py").write_text("def test_one():\n    pass\n")
    return tmp_path


@with_benchmark
@pytest.mark.parametrize("folder", FOLDERS)
def test_benchmark_runs_the_suite_from_any_folder(
    checkout: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_TESTS", "1")  # their conftest.py fails, as it does without Hypothesis
    assert collected(run_pytest(checkout / folder, "--benchmark", *LIST)) == {ADD, SAMPLE}


@with_benchmark
@pytest.mark.parametrize("folder", FOLDERS)
def test_benchmark_runs_the_given_path_from_any_folder(checkout: Path, folder: str) -> None:
    path = os.path.relpath(checkout / "bench/bench_add.py", checkout / folder)
    assert collected(run_pytest(checkout / folder, "--benchmark", path, *LIST)) == {ADD}


@with_benchmark
@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["bench"], {ADD, SAMPLE}),
        (["."], {ADD, SAMPLE}),
        (["bench/bench_sample.py::bench_sample"], {SAMPLE}),
        (["tests", "tests/test_one.py"], set()),
    ],
)
def test_benchmark_runs_benchmarks_only(checkout: Path, paths: list[str], expected: set[str]) -> None:
    assert collected(run_pytest(checkout, *paths, "--benchmark", *LIST)) == expected


@with_benchmark
def test_benchmark_measures_and_takes_the_options_of_pytest_benchmark(checkout: Path) -> None:
    options = ["--benchmark-json=out.json", "--benchmark-columns=median,rounds", "--benchmark-max-time=0.01"]
    run = run_pytest(checkout, "--benchmark", *options)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
    assert "Median" in run.stdout and "StdDev" not in run.stdout
    written = json.loads((checkout / "out.json").read_text())["benchmarks"]
    assert sorted(one["fullname"] for one in written) == [ADD, SAMPLE]
    assert all(one["stats"]["median"] > 0 for one in written)


@pytest.mark.parametrize(
    ("folder", "paths", "expected"),
    [
        (".", [], {TEST}),
        ("tests", [], {TEST}),
        (".", ["tests", "bench"], {TEST}),
        (".", ["bench"], set()),
        (".", ["bench/bench_add.py"], set()),
        ("bench", [], set()),
    ],
)
def test_plain_pytest_runs_no_benchmark(
    checkout: Path, folder: str, paths: list[str], expected: set[str]
) -> None:
    assert collected(run_pytest(checkout / folder, *paths, *LIST)) == expected


def test_plain_pytest_does_not_need_pytest_benchmark(checkout: Path) -> None:
    run = run_pytest(checkout, before=HIDE_BENCHMARK)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


@pytest.mark.parametrize(
    ("folder", "paths"), [(".", []), ("tests", []), ("csrc/bindings", []), ("bench", ["bench_add.py"])]
)
def test_without_pytest_benchmark_one_line_says_what_to_install(
    checkout: Path, folder: str, paths: list[str]
) -> None:
    run = run_pytest(checkout / folder, "--benchmark", *paths, before=HIDE_BENCHMARK)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert run.stdout.strip() == ""
    assert (
        run.stderr.strip()
        == "ERROR: --benchmark: got no pytest-benchmark, expected it: pip install pytest-benchmark"
    )


@with_benchmark
def test_without_a_folder_of_benchmarks_one_line_says_so(checkout: Path) -> None:
    shutil.rmtree(checkout / "bench")
    run = run_pytest(checkout, "--benchmark")
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    missing = checkout / "bench"
    assert (
        run.stderr.strip()
        == f"ERROR: --benchmark: got no folder {missing}, expected it or the benchmarks' path"
    )


@with_benchmark
def test_every_file_of_this_checkouts_suite_is_run() -> None:
    found = collected(run_pytest(CHECKOUT, "--benchmark", *LIST))
    files = {f"bench/{path.name}" for path in (CHECKOUT / "bench").glob("bench_*.py")}
    assert files
    assert {name.partition("::")[0] for name in found} == files


@with_benchmark
def test_this_checkouts_suite_ends_with_the_table(tmp_path: Path) -> None:
    written = tmp_path / "out.json"
    selected = "10-000-stored and (ours-batch or NumPy or Python)"
    options = ["-k", selected, f"--benchmark-json={written}", "--benchmark-max-time=0.01"]
    run = run_pytest(CHECKOUT, "--benchmark", "bench/bench_rows.py", *options)
    assert run.returncode == 0, run.stdout + run.stderr
    title = "prioritised sample + update of 256, 10,000 stored"
    (row,) = [line for line in run.stdout.splitlines() if line.startswith(title + "  ")]
    ours, recipe, python, best, goal = row.removeprefix(title).split()
    assert (best, goal) == (recipe, "-")  # plain Python is shown, but is not what ours is to beat

    medians: dict[str, list[float]] = {}
    for one in json.loads(written.read_text())["benchmarks"]:
        medians.setdefault(one["extra_info"]["contender"], []).append(1e6 * one["stats"]["median"])
    assert float(ours) == pytest.approx(statistics.median(medians["ours"]), rel=0.01)
    for shown, name in ((recipe, "NumPy"), (python, "Python")):
        turns = [theirs / our for theirs, our in zip(medians[name], medians["ours"], strict=True)]
        assert float(shown) == pytest.approx(statistics.median(turns), rel=0.01)
