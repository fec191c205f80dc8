"""Compare what runs of writing earn: `python bench/writer/compare_writer.py RUNS`.

RUNS hold trainings of `dqn-fast train dqn_fast/Writer-v0 --text FILE`. All figures go to results.jsonl beside
this file, and the table is made from there; without arguments, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from dqn_fast.training.run_folder.finished import find_runs
from dqn_fast.training.run_folder.layout import RESULT
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

RESULTS = Path(__file__).with_name("results.jsonl")
PART = Part("writer", "python bench/writer/compare_writer.py RUNS")
PLAYERS = {
    "model": "the language model",
    "best_of_16": "best of 16 of its sentences",
    "myopic": "myopic rule",
    "ours": "soft Q-learning",
}
FIGURES = {
    "reward": (3, "reward"),
    "perplexity_under_model": (1, "perplexity under the model"),
    "judge": (1, "judge's perplexity"),
    "distinct_2": (3, "distinct-2"),
    "length": (1, "words"),
}


def of_run(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a finished run, by player."""
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    ours = {name: result[name] for name in FIGURES}
    others = {player: result[player] for player in PLAYERS if player in result}
    shared = {name: result[name] for name in ("seed", "perplexity", "optimum")}
    return {
        **shared,
        "beta": config["soft_beta"],
        "sentences": result["eval_episodes"],
        **others,
        "ours": ours,
    }


def markdown(found: Sequence[dict[str, Any]]) -> str:
    """Return what stands between the markers."""
    columns = {"writer": list(PLAYERS.values())}
    for name, (digits, label) in FIGURES.items():
        columns[label] = [_spread([one[player][name] for one in found], digits) for player in PLAYERS]
    optima = [one["optimum"] for one in found]
    first, sentences = found[0], f"{found[0]['sentences']:,}"
    held_out = _spread([one["perplexity"] for one in found], 1)
    best = _spread([one["reward"] for one in optima if one["reward"] is not None], 3)
    effective = _spread([one["effective_samples"] for one in optima], 0)
    text = [
        f"{len(found)} seeds, beta {first['beta']:g}, {sentences} sentences of each writer and seed; mean ±",
        f"standard deviation over seeds. The model's perplexity on held-out sentences: {held_out}. The",
        "judge is a trigram model of sentences that neither the model nor the replay buffer saw.",
        "",
        markdown_table(columns, left=("writer",)),
        "The best policy at this beta, by the model's own sentences weighted by exp(reward / beta):",
        f"reward {best}, from {effective} effective samples. Ours reach {_spread(_shares(found), 3)} of it.",
    ]
    return "\n".join(text)


def _shares(found: Sequence[dict[str, Any]]) -> list[float]:
    best = [(one["ours"]["reward"], one["optimum"]["reward"]) for one in found]
    return [ours / optimum for ours, optimum in best if optimum is not None]


def _spread(values: Sequence[float], digits: int) -> str:
    if not values:
        return "unknown"
    spread = f" ± {pstdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{fmean(values):.{digits}f}{spread}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="*", help="folders of runs, or folders above them")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if options.runs:
        runs = [run for run in find_runs(options.runs)[0] if run.config["objective"] == "soft"]
        figures = sorted((of_run(run.folder, run.config) for run in runs), key=lambda one: int(one["seed"]))
        lines = "".join(f"{json.dumps(one)}\n" for one in figures)
        options.results.write_text(lines, encoding="utf-8")
    found = [json.loads(line) for line in options.results.read_text(encoding="utf-8").splitlines()]
    PART.write(options.readme, markdown(found))


if __name__ == "__main__":
    main()
