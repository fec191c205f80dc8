"""Compare walkers on graphs: `python bench/words/compare_walks.py RUNS`.

RUNS hold trainings of `dqn-fast train dqn_fast/RandomWalks-v0`. Their figures go to walks.jsonl beside this
file, and the table is made from there; without arguments, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, pstdev

from dqn_fast.tasks.random_walks import RandomWalks
from dqn_fast.training.reports import read_rows
from dqn_fast.training.run_folder.finished import FinishedRun, find_runs
from dqn_fast.training.run_folder.layout import METRICS
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

PART = Part("walks", "python bench/words/compare_walks.py RUNS")
ONLINE = "Double DQN, its own walks"
OFFLINE = {"bc": "behaviour cloning", "mc": "returns (MC)", "iql": "implicit Q-learning (ILQL)", "cql": "CQL"}


@dataclass(frozen=True)
class Figures:
    """The score of one seed.

    Attributes:
        graph: seed of the graph.
        method: what was learned.
        seed: of the run.
        optimality: mean over all starts, by the greedy policy of the last weights.
        walks: of its own; 0 from data.
        updates: learner updates.
    """

    graph: int
    method: str
    seed: int
    optimality: float
    walks: int
    updates: int


def trained(folders: Sequence[Path]) -> list[Figures]:
    """Return the scores of finished runs."""
    return [_of_run(run) for run in find_runs(folders)[0]]


def _of_run(run: FinishedRun) -> Figures:
    config, result = run.config, run.result
    offline = config["offline"] is not None
    graph = config["env_kwargs"].get("graph", 17)
    return Figures(
        graph,
        OFFLINE[config["objective"]] if offline else ONLINE,
        result["seed"],
        result["optimality"],
        0 if offline else read_rows(run.folder / METRICS)[-1].episodes,
        result["updates"],
    )


def markdown(found: Sequence[Figures]) -> str:
    """Return what stands between the markers."""
    keys = sorted({(one.graph, one.walks > 0, one.method) for one in found})
    groups = [[one for one in found if (one.graph, one.walks > 0, one.method) == key] for key in keys]
    data = {graph: RandomWalks(graph).data_optimality() for graph, _, _ in keys}
    columns = {
        "graph": [str(group[0].graph) for group in groups],
        "random walks": [f"{data[group[0].graph]:.2f}" for group in groups],
        "method": [group[0].method for group in groups],
        "own walks": [f"{max(one.walks for one in group):,}" if group[0].walks else "" for group in groups],
        "updates": [f"{max(one.updates for one in group):,}" for group in groups],
        "seeds": [str(len(group)) for group in groups],
        "optimality": [_mean(group) for group in groups],
        "each": [", ".join(f"{one.optimality:.2f}" for one in group) for group in groups],
    }
    return "\n".join(
        [
            "A small GPT says walks token by token. Optimality is the fewest steps to the goal, divided by",
            "the walk's, and 0 for a walk that does not get there. It is exact: the greedy policy of the",
            "last weights begins once at each node. From data: about 1,000 random walks. Mean ± standard",
            "deviation over seeds.",
            "",
            markdown_table(columns, left=("method", "each")),
        ]
    )


def _mean(group: Sequence[Figures]) -> str:
    mean = f"{fmean(one.optimality for one in group):.3f}"
    return mean if len(group) == 1 else f"{mean} ± {pstdev(one.optimality for one in group):.3f}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="*", help="folders of runs, or folders above them")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("walks.jsonl"))
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if options.runs:
        lines = [json.dumps(asdict(one)) for one in trained(options.runs)]
        options.results.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    text = options.results.read_text(encoding="utf-8")
    PART.write(options.readme, markdown([Figures(**json.loads(line)) for line in text.splitlines()]))


if __name__ == "__main__":
    main()
