"""README's table and picture of scores: `python bench/scores.py FOLDERS`, of runs that `dqn-fast train` left.

The folders' results are copied to bench/scores/, one file for each environment, in place of older ones of the
same environment. Table and picture are made from all files there; without a folder, they are only made anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from between import between_markers
from published import PUBLISHED, Published
from score_files import Scores, from_runs, read_all, write
from scores_picture import draw

from dqn_fast.training.finished import Score, Seeds, find_runs
from dqn_fast.training.table import markdown_table

HERE = Path(__file__).parent
README, FILES, PICTURE = HERE.parent / "README.md", HERE / "scores", HERE / "scores.png"
BEGIN, END = "<!-- scores: begin (python bench/scores.py FOLDERS) -->", "<!-- scores: end -->"
MEASURES = {
    "evaluation": (
        "eval_return_mean",
        "Return of the greedy policy (ε = 0) in an evaluation after the training",
    ),
    "training": ("train_return_mean", "Return of the last 100 episodes of the training (ε = 0.1)"),
}


def markdown(found: Sequence[Scores], picture: str) -> str:
    """What stands between the markers."""
    parts = [_part(measure, [scores.seeds for scores in found]) for measure in MEASURES]
    return "\n".join(
        [
            "### Scores",
            "",
            "Mean ± standard deviation over seeds, each one run of `dqn-fast train`. **Bold**: no less than",
            "published. Configurations, results and curves of the runs are in `bench/scores/`.",
            "",
            *filter(None, parts),
            f"![Learning curves of these trainings]({picture})",
        ]
    )


def _part(measure: str, found: Sequence[Seeds]) -> str:
    """The environments whose published figure is of this kind, as a sentence and a table."""
    name, what = MEASURES[measure]
    rows = [(seeds, PUBLISHED.get(seeds.env_id)) for seeds in found]
    # What nobody has published a figure for is evaluated.
    rows = [(seeds, one) for seeds, one in rows if (one.measure if one else "evaluation") == measure]
    if not rows:
        return ""
    columns = {
        "environment": [seeds.env_id for seeds, _ in rows],
        "steps": [f"{seeds.steps:,}" for seeds, _ in rows],
        "seeds": [str(len(seeds.runs)) for seeds, _ in rows],
        "ours": [_ours(seeds.score(name), one) for seeds, one in rows],
        "published": [str(one or "") for _, one in rows],
        "its steps": [f"{one.steps:,}" if one else "" for _, one in rows],
        "ours, greedy": [str(seeds.score("eval_return_mean") or "") for seeds, _ in rows],
        "minutes a seed": [_minutes(seeds) for seeds, _ in rows],
    }
    if measure == "evaluation":
        del columns["ours, greedy"]
    lines = [f"{what}.", *dict.fromkeys(f"Published: {one.source}." for _, one in rows if one)]
    lines += [f"{seeds.env_id}: theirs is {one.note}." for seeds, one in rows if one and one.note]
    return "\n".join([*lines, "", markdown_table(columns, left=("environment",))])


def _ours(score: Score | None, published: Published | None) -> str:
    if score is None:
        return ""
    return f"**{score}**" if published and score.mean >= published.mean else str(score)


def _minutes(seeds: Seeds) -> str:
    return f"{np.mean([run.result['wall_seconds'] for run in seeds.runs]) / 60:.1f}"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", help="of runs, or above them")
    parser.add_argument("--files", type=Path, default=FILES)
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    if options.folders:
        options.files.mkdir(exist_ok=True)
        for scores in from_runs(find_runs(options.folders)[0]):
            write(options.files, scores)
    found = read_all(options.files)
    draw(options.picture, found)
    name = options.picture.resolve().relative_to(options.readme.resolve().parent).as_posix()
    text = options.readme.read_text(encoding="utf-8")
    options.readme.write_text(between_markers(text, BEGIN, END, markdown(found, name)), encoding="utf-8")


if __name__ == "__main__":
    main()
