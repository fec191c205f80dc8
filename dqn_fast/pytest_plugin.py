"""The option `--benchmark` of this checkout's pytest, which runs the suite in bench/.

This is a plugin named in `addopts`, not a conftest.py, whose options pytest does not know in every folder of
the checkout. Without the option nothing changes: benchmarks are functions `bench_*` in files `bench_*.py`,
neither of which pytest collects by default.
"""

from __future__ import annotations

import pytest

FILES = "bench_*.py"
FUNCTIONS = "bench_*"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Define `--benchmark`; the options `--benchmark-…` are pytest-benchmark's own."""
    parser.getgroup("benchmark").addoption(
        "--benchmark",
        action="store_true",
        help="Run the benchmarks in bench/, or those in the given paths, instead of the tests.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Turn a run of tests into a run of benchmarks, before any conftest.py of the tests is imported.

    Raises:
        pytest.UsageError: if pytest-benchmark is missing, or there is no folder bench/.
    """
    known = early_config.known_args_namespace
    if not known.benchmark:
        return
    if not early_config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError(
            "--benchmark: got no pytest-benchmark, expected it: pip install pytest-benchmark"
        )
    if not known.file_or_dir:
        folder = early_config.rootpath / "bench"
        if not folder.is_dir():
            raise pytest.UsageError(
                f"--benchmark: got no folder {folder}, expected it or the benchmarks' path"
            )
        args.append(str(folder))
        known.file_or_dir = [str(folder)]  # already parsed from args; decides which conftests are imported
    early_config.getini("python_files")[:] = [FILES]
    early_config.getini("python_functions")[:] = [FUNCTIONS]
