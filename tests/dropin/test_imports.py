"""Drop-ins that need NumPy alone import nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["cpprb", "deque", "experience_replay"])
def test_a_module_of_numpy_alone_imports_no_ecosystem(module: str) -> None:
    code = (
        f"import sys, dqn_fast.dropin.{module}; "
        "print(sorted({'torch', 'gymnasium', 'cpprb', 'stable_baselines3'} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
