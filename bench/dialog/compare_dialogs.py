"""Compare dialogue agents: `python bench/dialog/compare_dialogs.py RUNS --domain FOLDER --protocol-a FILES`.

RUNS hold trainings of `dqn-fast train dqn_fast/MovieTicket-v0`, FOLDER the published domain, FILES what
protocol_a.py wrote. All figures go to results.jsonl beside this file. Table and pictures are made from there;
without arguments, nothing else is done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dialog_pictures import draw_errors, draw_updates
from dialog_results import (
    OWN,
    PROTOCOL_A,
    PUBLISHED,
    RULES,
    TRAINED,
    Group,
    baselines,
    groups_of,
    load,
    protocol_a,
    save,
    trained,
)

from dqn_fast.tasks.movie_ticket import MovieTicket
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

HERE = Path(__file__).parent
PART = Part("dialogues", "python bench/dialog/compare_dialogs.py RUNS --domain FOLDER --protocol-a FILES")
# Means of TC-Bot's own curve, one run: epochs 50 to 80, and its last 100 of 600 epochs of 100 dialogues.
CURVE, LAST = "0.823, reward 51.5, 16.4 turns", "0.909, reward 63.3, 13.6 turns (60,000 dialogues)"


def markdown(groups: Sequence[Group]) -> str:
    """Return what stands between the markers."""
    left_out = _by_updates(groups)
    rows = [group for group in groups if not group.first.error and group not in left_out]
    columns = {
        "domain": [group.first.domain for group in rows],
        "agent": [group.first.agent for group in rows],
        "dialogues learnt from": [_dialogues(group) for group in rows],
        "seeds": [str(len(group.seeds)) for group in rows],
        "success": [group.text(lambda one: one.success, 3) for group in rows],
        "reward": [group.text(lambda one: one.reward, 1) for group in rows],
        "turns": [group.text(lambda one: one.turns, 1) for group in rows],
        "published": [_published(group) for group in rows],
    }
    return "\n".join(
        [
            "Mean ± standard deviation over seeds. Agents that do not learn: 2,000 dialogues. TC-Bot's",
            "protocol: the mean of its epochs 50 to 80, of 100 dialogues each. `dqn-fast`: the last weights,",
            "1,000 dialogues with ε = 0; what it learns from includes the rule agent's dialogues. Simulator,",
            "features and goals are as published, network and learner our own. No agent can meet more than",
            "0.9765 of the published goals.",
            "",
            markdown_table(columns, left=("domain", "agent", "published")),
            "![Success against errors](dialog/errors.png)",
            "![Learning curves](dialog/updates.png)",
        ]
    )


def _by_updates(groups: Sequence[Group]) -> list[Group]:
    """Return the runs that differ from the preset's in their updates alone: they are for the picture."""
    learnt = [group for group in groups if group.first.agent == TRAINED and group.first.domain == PUBLISHED]
    least = min(group.first.steps for group in learnt)
    alike = [group for group in learnt if group.first.steps == least and not group.first.error]
    preset = max(alike, key=lambda group: len(group.seeds))
    return [group for group in alike if group is not preset]


def _by_errors(groups: Sequence[Group]) -> list[Group]:
    """Return the preset's runs on the published domain, whatever the errors."""
    learnt = [group for group in groups if group.first.agent == TRAINED and group.first.domain == PUBLISHED]
    least = min(group.first.steps for group in learnt)
    others = _by_updates(groups)
    return [group for group in learnt if group.first.steps == least and group not in others]


def _dialogues(group: Group) -> str:
    if group.first.agent == PROTOCOL_A:
        return "5,000 to 16,000"
    most = max(one.dialogues for one in group.seeds)
    return f"at most {most:,}" if most else ""


def _published(group: Group) -> str:
    if group.first.domain == OWN:
        return ""
    return {PROTOCOL_A: CURVE, TRAINED: LAST}.get(group.first.agent, "")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="*", help="folders of runs, or folders above them")
    parser.add_argument("--domain", type=Path, help="folder of the published domain")
    parser.add_argument("--protocol-a", type=Path, nargs="*", default=[], help="files of protocol_a.py")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if options.runs:
        found = baselines(PUBLISHED, MovieTicket(options.domain)) if options.domain else []
        found += protocol_a(options.protocol_a)
        found += baselines(OWN, MovieTicket())
        found += trained(options.runs)
        save(options.results, sorted(found, key=lambda one: (one.domain != PUBLISHED, one.steps)))
    groups = groups_of(load(options.results))
    (rules,) = (
        one.success
        for group in groups
        for one in group.seeds
        if (one.agent, one.domain) == (RULES, PUBLISHED)
    )
    folder = options.results.parent
    draw_errors(folder / "errors.png", _by_errors(groups), rules)
    draw_updates(folder / "updates.png", _by_updates(groups))
    PART.write(options.readme, markdown(groups))


if __name__ == "__main__":
    main()
