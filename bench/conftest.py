"""Settings of `pytest --benchmark`, and the table of ratios at its end."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).with_name("memory")))  # where the benchmarks and their modules are

from ratios import Results

RESULTS = pytest.StashKey[Results]()
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PACKAGES = ("numpy", "cpprb", "rlox", "stable-baselines3", "tianshou", "torchrl", "torch", "ray", "dqn-fast")
SECONDS = 0.25  # per contender and turn; pytest-benchmark's default is 1


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set up before pytest-benchmark reads its options, and before any library is imported."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"), RL_LOGGING_LEVEL="WARNING")
    config.addinivalue_line("filterwarnings", "ignore")  # rivals may warn
    if float(config.option.benchmark_max_time) == 1:
        config.option.benchmark_max_time = type(config.option.benchmark_max_time)(SECONDS)


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Add the versions of all contenders that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    machine_info["packages"] = found


@pytest.fixture
def results(pytestconfig: pytest.Config) -> Results:
    """Return what the run has measured so far, which its last lines show."""
    return pytestconfig.stash.setdefault(RESULTS, Results())


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if lines := config.stash.get(RESULTS, Results()).lines():
        terminalreporter.section("ratios")
        terminalreporter.write_line("\n".join(lines))
