"""The package as it is installed: it fits its extension, and says so where it does not."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dqn_fast
from dqn_fast import _core

CHECKOUT = Path(__file__).parent.parent


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `code` in `folder`, which comes first on the path as it does for a user."""
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


def test_one_version_everywhere():
    assert dqn_fast.__version__ == _core.__version__ == importlib.metadata.version("dqn_fast")


@pytest.mark.parametrize("folder", [CHECKOUT, CHECKOUT / "tests"])
def test_it_is_imported_in_the_checkout_as_elsewhere(folder: Path):
    done = run_python("import dqn_fast; print(len(dqn_fast.ReplayBuffer(3)))", folder)
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("_version.py", dqn_fast.__version__, "99.0"), ("_core.pyi", "def clear", "def wipe")],
)
def test_an_extension_of_other_python_files_is_refused(tmp_path: Path, file: str, old: str, new: str):
    package = shutil.copytree(CHECKOUT / "dqn_fast", tmp_path / "dqn_fast")
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    done = run_python("import dqn_fast", tmp_path)
    assert re.search(r"ImportError: dqn_fast's extension .* install them again: pip install \.", done.stderr)


def test_a_missing_extension_is_one_clear_line(tmp_path: Path):
    shutil.copytree(CHECKOUT / "dqn_fast", tmp_path / "dqn_fast", ignore=shutil.ignore_patterns("*.so"))
    code = "import sys; sys.modules['dqn_fast._core'] = None; import dqn_fast"
    done = run_python(code, tmp_path)
    assert done.stderr.splitlines()[-1].endswith("install the package: pip install .")


def test_public_names():
    assert sorted(dqn_fast.__all__) == [
        "Batch",
        "FrameBatch",
        "PrioritizedReplayBuffer",
        "PriorityIndex",
        "ReplayBuffer",
        "SegmentBatch",
        "SequenceBatch",
        "__version__",
    ]
    for name in dqn_fast.__all__:
        assert getattr(dqn_fast, name).__doc__


def test_the_first_example_of_the_documentation():
    import doctest

    assert doctest.testmod(dqn_fast).attempted > 0
    assert doctest.testmod(dqn_fast).failed == 0


def test_nothing_outside_the_memory_reaches_into_a_buffer():
    files = [path for folder in ("dqn_fast", "tests", "bench") for path in (CHECKOUT / folder).rglob("*.py")]
    inside = CHECKOUT / "dqn_fast" / "replay"
    reach = re.compile(r"\._in[t]ake\b")  # not this line
    found = [path for path in files if inside not in path.parents and reach.search(path.read_text("utf-8"))]
    assert found == []
