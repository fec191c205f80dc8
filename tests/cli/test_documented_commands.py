"""Commands that README and the pages of the documentation show are taken as they stand."""

from __future__ import annotations

import functools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from dqn_fast.cli import main, runs
from dqn_fast.training import TrainConfig

CHECKOUT = Path(__file__).parents[2]
PAGES = [CHECKOUT / "README.md", CHECKOUT / ".github" / "docs" / "pages" / "training.md"]
COMMANDS = sorted(
    {line for page in PAGES for line in re.findall(r"`dqn-fast train ([^`]+)`", page.read_text("utf-8"))}
)


def test_there_are_commands():
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("command", [line for line in COMMANDS if not line.startswith("ENV")])
def test_a_command_gives_a_configuration(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "config.json").write_text(json.dumps({"env_id": "CartPole-v1", "tau": 0.25}))
    taken: list[TrainConfig] = []

    @functools.wraps(runs.train)
    def take(settings: TrainConfig, **options: Any) -> int:
        taken.append(settings)
        return 0

    monkeypatch.setattr(runs, "train", take)
    words = shlex.split(command.replace("FOLDER", str(tmp_path)))
    assert main(["train", *words]) == 0, capsys.readouterr().err
    assert taken[0].env_id == words[0]
    assert (taken[0].tau == 0.25) == ("--config" in words)
