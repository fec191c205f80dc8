"""The command on the CPU, with tiny sizes and without everything that PyTorch and NumPy can be without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import compare_gpu
import pytest
from compare_gpu import PART, report

BENCH = Path(compare_gpu.__file__).parent
TINY = "--device cpu --batch-sizes 2 --seconds 0.02 --capacity 60 --rival-capacity 30 --hidden 4 --updates 2"
TINY += " --environments 1 2"

# Gymnasium and all that needs it is not there, whether it is installed or not.
ALONE = """
import runpy, sys
sys.modules |= dict.fromkeys(["gymnasium", "ale_py", "stable_baselines3", "torchrl", "tyro", "rich"])
sys.path.insert(0, {bench!r})
runpy.run_path({script!r}, run_name="__main__")
"""


def test_pytorch_and_numpy_are_enough(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{PART.begin}\nold\n{PART.end}\nafter\n")
    code = ALONE.format(bench=str(BENCH), script=str(BENCH / "compare_gpu.py"))
    files = ["--json", str(tmp_path / "gpu.json"), "--readme", str(readme)]
    done = subprocess.run(
        [sys.executable, "-c", code, *TINY.split(), *files],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert [one["is_small"] for one in found["correctness"]] == [True, True]
    assert [one["who"] for one in found["speeds"]] == [
        "ours, plain",
        "ours, whole stacks",
        "ours, prefetch 2",
        "ours, graph",
        "ours, prefetch 2, graph",
        "ours, prefetch 2, graph, whole stacks",
        "ours, prefetch 2, graph, bfloat16",
        "CleanRL's update, NumPy arrays",
    ]
    assert all(one["updates_per_second"] > 0 for one in found["speeds"])
    assert [(one["network"], one["environments"], one["auto"]) for one in found["acting"]] == [
        ("convolutions", 1, "device"),
        ("convolutions", 2, "device"),
        ("dense", 1, "cpu"),
        ("dense", 2, "cpu"),
    ]
    assert all(min(one["there"], one["here"], one["after_update"]) > 0 for one in found["acting"])
    assert found["pong"] is None and "left out: it needs ale-py" in done.stdout
    assert "| 2 | ours, plain |" in readme.read_text()
    assert report(found) == done.stdout


def test_pong_against_the_clock() -> None:
    pong = pytest.importorskip("pong")
    pytest.importorskip("ale_py")
    import torch

    sizes = {"num_envs": 2, "batch_size": 2, "capacity": 200, "learning_starts": 8, "updates": 1}
    (point,) = pong.play(torch.device("cpu"), 4, 1e9, **sizes, every=1e9, most_steps=40)
    assert (point.steps, point.updates, point.return_mean) == (40, 17, None)


def test_a_device_that_computes_something_else_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"correctness": [{"is_small": True}, {"is_small": False}]}
    monkeypatch.setattr(compare_gpu, "measure", lambda options: found)
    monkeypatch.setattr(compare_gpu, "report", lambda found: "")
    assert compare_gpu.main([]) == 1
