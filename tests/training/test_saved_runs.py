"""Checkpoints of older versions: their runs are resumed to the end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from training.saved_runs import CONFIGS, SAVED, STOP

from dqn_fast.training import load_config, resume


@pytest.mark.parametrize("name", CONFIGS)
def test_an_old_checkpoint_resumes(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(SAVED / name, tmp_path / name)
    assert load_config(folder) == CONFIGS[name]
    seen: list[int] = []
    run = resume(folder, observers=[lambda row, agent: seen.append(row.step)])
    assert not run.result.interrupted
    assert run.result.steps == CONFIGS[name].total_steps
    assert run.result.selection_steps is None  # nobody counted them
    assert min(seen) > STOP, "it began again"
    lines = (folder / "metrics.csv").read_text().splitlines()
    assert len(lines) == 1 + CONFIGS[name].total_steps // CONFIGS[name].log_period
