"""Compare scores with published ones: `python bench/scores/compare_scores.py FOLDERS`.

FOLDERS hold runs that `dqn-fast train` left. Their results are copied to bench/scores/results/, one file for
each environment and label, over an older one. Then the tables in bench/README.md and the picture beside this
file are made from all files there; without FOLDERS, nothing else is done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from published import PUBLISHED, Published
from score_files import Scores, from_runs, read_all, write
from scores_picture import draw

from dqn_fast.training.run_folder.finished import Score, SeedRuns, find_runs
from dqn_fast.training.run_folder.table import markdown_table, steps_with_selection

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

FILES, PICTURE = Path(__file__).with_name("results"), Path(__file__).with_name("scores.png")
PART = Part("scores", "python bench/scores/compare_scores.py FOLDERS")
# What of ours is compared with each kind of published score: like with like.
MEASURES = {
    "evaluation": (
        "last_return_mean",
        "Return of the greedy policy (ε = 0) with the last weights, evaluated after the training",
    ),
    "training": ("train_return_mean", "Return of the training's last 100 episodes (ε = 0.1)"),
}


def markdown(found: Sequence[Scores], picture: str) -> str:
    """Return what stands between the markers."""
    parts = [_part(measure, found) for measure in MEASURES]
    return "\n".join(
        [
            "Mean ± standard deviation over seeds; each seed is one run of `dqn-fast train`. *Last* are the",
            "weights at the end of training, as in the published scores; **bold** is no less than published.",
            "*Best* are the weights that did best in evaluations during the training, and *with selection*",
            "counts the environment steps of those, too. Blank: the run is older than the column.",
            "",
            *filter(None, parts),
            f"![Learning curves of these trainings]({picture})",
        ]
    )


def _part(measure: str, found: Sequence[Scores]) -> str:
    """Return the environments whose published score is of this kind, as a sentence and a table."""
    name, what = MEASURES[measure]
    published = [(one, PUBLISHED.get(one.seeds.env_id)) for one in found]
    # An environment without a published score is evaluated.
    rows = [(one, theirs) for one, theirs in published if _measure(theirs) == measure]
    if not rows:
        return ""
    all_seeds = [one.seeds for one, _ in rows]
    columns = {
        "environment": [one.title for one, _ in rows],
        "steps": [f"{seeds.steps:,}" for seeds in all_seeds],
        "with selection": [steps_with_selection(seeds) for seeds in all_seeds],
        "seeds": [str(len(seeds.runs)) for seeds in all_seeds],
        "ours, last": [_ours(one.seeds.score(name), theirs) for one, theirs in rows],
        "ours, best": [str(seeds.score("eval_return_mean") or "") for seeds in all_seeds],
        "published": [str(theirs or "") for _, theirs in rows],
        "its steps": [f"{theirs.steps:,}" if theirs else "" for _, theirs in rows],
        "greedy, last": [str(seeds.score("last_return_mean") or "") for seeds in all_seeds],
        "greedy, best": [str(seeds.score("eval_return_mean") or "") for seeds in all_seeds],
        "minutes a seed": [_minutes(seeds) for seeds in all_seeds],
    }
    for other in ("greedy, last", "greedy, best") if measure == "evaluation" else ("ours, best",):
        del columns[other]
    lines = [f"{what}.", *_sources(rows)]
    notes = {one.seeds.env_id: theirs.note for one, theirs in rows if theirs and theirs.note}
    lines += [f"{env_id}: theirs is {note}." for env_id, note in notes.items()]
    return "\n".join([*lines, "", markdown_table(columns, left=("environment",))])


def _sources(rows: Sequence[tuple[Scores, Published | None]]) -> list[str]:
    """Return who published the scores, and for which environments if there are several sources."""
    env_ids: dict[str, list[str]] = {}
    for one, theirs in rows:
        if theirs and one.seeds.env_id not in env_ids.setdefault(theirs.source, []):
            env_ids[theirs.source].append(one.seeds.env_id)
    if len(env_ids) < 2:
        return [f"Published: {source}." for source in env_ids]
    return [f"Published for {', '.join(names)}: {source}." for source, names in env_ids.items()]


def _measure(published: Published | None) -> str:
    return published.measure if published else "evaluation"


def _ours(score: Score | None, published: Published | None) -> str:
    if score is None:
        return ""
    return f"**{score}**" if published and score.mean >= published.mean else str(score)


def _minutes(seeds: SeedRuns) -> str:
    return f"{np.mean([run.result['wall_seconds'] for run in seeds.runs]) / 60:.1f}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", help="folders of runs, or folders above them")
    parser.add_argument("--label", default="", help="name for runs with other settings than the preset's")
    parser.add_argument("--files", type=Path, default=FILES)
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    if options.folders:
        options.files.mkdir(exist_ok=True)
        for scores in from_runs(find_runs(options.folders)[0], options.label):
            write(options.files, scores)
    found = read_all(options.files)
    draw(options.picture, found)
    name = options.picture.resolve().relative_to(options.readme.resolve().parent).as_posix()
    PART.write(options.readme, markdown(found, name))


if __name__ == "__main__":
    main()
