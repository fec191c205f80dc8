"""The option `--benchmark` of this checkout's pytest, which runs the benchmarks in bench/.

pyproject.toml names this plugin in `addopts`, because an option that a conftest.py defines is unknown in some
folders of the checkout. Without the option nothing changes: benchmarks are functions `bench_*` in files
`bench_*.py`, and pytest looks for neither by itself.
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
    """Turn a run of tests into a run of benchmarks, before a conftest.py of the tests is imported.

    Raises:
        pytest.UsageError: if pytest-benchmark or the folder bench/ is missing.
    """
    known = early_config.known_args_namespace
    if not known.benchmark:
        return
    if not early_config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("--benchmark needs pytest-benchmark: pip install pytest-benchmark")
    if not known.file_or_dir:
        folder = early_config.rootpath / "bench"
        if not folder.is_dir():
            raise pytest.UsageError(f"--benchmark: no folder {folder}; give the benchmarks' path")
        args.append(str(folder))
        known.file_or_dir = [str(folder)]  # pytest parsed args already, to find the conftests to import
    early_config.getini("python_files")[:] = [FILES]
    early_config.getini("python_functions")[:] = [FUNCTIONS]
