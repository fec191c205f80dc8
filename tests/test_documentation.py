"""The documentation's sources; `.ci/docs` builds them, and runs the notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import dqn_fast

GITHUB = Path(__file__).parent.parent / ".github"
PAGES = GITHUB / "docs" / "pages"
NOTEBOOKS = sorted(PAGES.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    for cell in code:
        compile("".join(cell["source"]), path.name, "exec")


def test_every_page_is_in_the_menu() -> None:
    menu = (GITHUB / "docs" / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    pages = {str(page.relative_to(PAGES).as_posix()) for page in PAGES.rglob("*.*")}
    assert set(re.findall(r"[\w/]+\.(?:md|ipynb)", menu)) == pages


def test_what_is_cited_is_this_version() -> None:
    citation = (GITHUB / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {dqn_fast.__version__}\n" in citation


def test_every_task_has_its_place() -> None:
    tasks = pytest.importorskip("dqn_fast.tasks")._TASKS.values()
    page = (PAGES / "api" / "tasks.md").read_text(encoding="utf-8")
    shown = re.findall(r"^::: dqn_fast\.tasks\.(.*)$", page, re.MULTILINE)
    assert {place.replace(":", ".") for place in tasks} <= set(shown)
