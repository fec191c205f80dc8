"""The rest of the agent reaches the fast code only through its package."""

from __future__ import annotations

import re
from pathlib import Path

from dqn_fast import agent

HERE = Path(agent.__file__).parent
IMPORT = re.compile(r"^\s*(?:from|import) (dqn_fast\.agent\.[\w.]+)", re.MULTILINE)


def imports(path: Path) -> set[str]:
    return set(IMPORT.findall(path.read_text(encoding="utf-8")))


def test_nobody_goes_around_it() -> None:
    outside = [path for path in HERE.rglob("*.py") if HERE / "fast" not in path.parents]
    assert any("dqn_fast.agent.fast" in imports(path) for path in outside)
    for path in outside:
        assert not [name for name in imports(path) if name.startswith("dqn_fast.agent.fast.")], path


def test_what_is_inside_knows_networks_alone() -> None:
    allowed = ("dqn_fast.agent.fast", "dqn_fast.agent.networks")
    for path in (HERE / "fast").glob("*.py"):
        assert all(name.startswith(allowed) for name in imports(path)), path
    for path in (HERE / "networks").glob("*.py"):
        assert not any(name.startswith("dqn_fast.agent.fast") for name in imports(path)), path


def test_private_parts_of_pytorch_are_in_one_file() -> None:
    private = re.compile(r"torch\._\w|torch\.ops\.|_hooks\"")
    found = {path.name for path in HERE.rglob("*.py") if private.search(path.read_text(encoding="utf-8"))}
    assert found == {"torch_private.py"}
