"""The help of the command: every option, by part."""

from __future__ import annotations

import dataclasses

import pytest
from cli.processes import needs_agent

from dqn_fast.cli import main


@needs_agent
def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    options = ("--seed", "--total-steps", "--output", "--overwrite", "--learning-rate", "--prioritized")
    assert all(option in out for option in options)


@needs_agent
@pytest.mark.parametrize("arguments", [["Taxi-v3"], ["CartPole-v1"], []], ids=["defaults", "preset", "none"])
def test_options_stand_by_part(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from dqn_fast.cli.arguments import option
    from dqn_fast.training.config import PARTS

    with pytest.raises(SystemExit):
        main(["train", *arguments, "--help"])
    out = capsys.readouterr().out
    for (name, part), following in zip(PARTS.items(), [*list(PARTS)[1:], None], strict=True):
        group = out.split(f"{name} options ", 1)[1]
        group = group.split(f"{following} options ", 1)[0] if following else group
        for field in dataclasses.fields(part):
            assert field.name == "env_id" or option(field.name) in group
    assert "Discount factor per environment step." in out
