"""From a run's JSON to README's table and the picture."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from between import between_markers
from matplotlib.image import imread
from ratios import Measurement
from report import BEGIN, END, README, Run, markdown
from scenarios import SCENARIOS, Limit

REPORT = README.parent / "bench" / "report.py"


def benchmark(measurement: Measurement, seconds: float) -> dict[str, Any]:
    return {"extra_info": json.loads(json.dumps(measurement.as_json())), "stats": {"median": seconds}}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file as `pytest --benchmark-json` writes it, of all rows: ours takes 1 ms a call, the rivals 4."""
    benchmarks = [
        benchmark(
            Measurement.of(scenario, one, turn),
            0.001 if one.name == "ours" else 0.004,
        )
        for scenario in SCENARIOS
        for turn in range(2)
        for one in scenario.contenders()
    ]
    benchmarks.append({"extra_info": {"name": "copying", "note": "10 GB/s"}, "stats": {"median": 0.1}})
    machine = {
        "python_version": "3.11.7",
        "cpu": {"brand_raw": "A CPU", "count": 2},
        "packages": {"cpprb": "11.0"},
    }
    path = tmp_path / "out.json"
    path.write_text(
        json.dumps({"benchmarks": benchmarks, "machine_info": machine, "datetime": "2026-01-02T03:04:05"})
    )
    return path


def test_a_measurement_survives_json() -> None:
    one = Measurement("a", "ours", "batch", True, 1, 10, 5, None, Limit(2.5, "b", "ours"), None)
    assert Measurement.from_json(benchmark(one, 1e-5)) == one._replace(median_us=2)


def test_the_command_writes_table_and_picture(written: Path, tmp_path: Path) -> None:
    readme, picture = tmp_path / "README.md", tmp_path / "measured.png"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    command = [sys.executable, str(REPORT), str(written), f"--readme={readme}", f"--picture={picture}"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n") and text.endswith(f"{END}\nafter\n") and "old" not in text
    for row in (scenario.title for scenario in SCENARIOS if scenario.limit is None):
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {row} |")]
        assert "**4**" in line
    assert "2026-01-02" in text and "A CPU" in text and "cpprb 11.0" in text and "- Copying: 10 GB/s." in text
    assert "![" in text and "(measured.png)" in text
    shape = imread(picture).shape
    assert shape[0] > 400 and shape[1] > 800


def test_limits_are_listed_with_what_was_found(written: Path) -> None:
    lines = [line for line in markdown(Run.read(written), "x.png").splitlines() if "at most" in line]
    assert len(lines) == sum(scenario.limit is not None for scenario in SCENARIOS)
    assert "**1.00** times prioritised sample + update of 256, 100,000 stored" in lines[0]
    assert "**0.25** times a plain copy" in lines[1]


def test_a_run_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text(json.dumps({"benchmarks": [], "machine_info": {}, "datetime": ""}))
    with pytest.raises(ValueError, match="no row of the table"):
        Run.read(path)


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_readme_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"README\.md: expected one"):
        between_markers(text, BEGIN, END, "new")


def test_this_checkouts_readme_has_the_markers() -> None:
    assert "new" in between_markers(README.read_text(encoding="utf-8"), BEGIN, END, "new")
