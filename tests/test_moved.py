"""Names that pickles of older versions hold are found where they are now, and only if asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

from dqn_fast._moved import MOVED


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_an_old_module_has_what_the_new_one_has(old: str, new: str) -> None:
    if "envs" in new:
        pytest.importorskip("gymnasium")
    former, module = importlib.import_module(old), importlib.import_module(new)
    kept = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    names = [name for name, value in kept.items() if not isinstance(value, ModuleType)]
    assert names
    assert all(getattr(former, name) is getattr(module, name) for name in names)
    with pytest.raises(AttributeError):
        _ = former.never_was


def test_no_old_module_is_imported_unasked() -> None:
    code = f"import dqn_fast, sys; print(sorted({set(MOVED)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
