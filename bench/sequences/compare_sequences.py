"""Compare agents with memory: `python bench/sequences/compare_sequences.py ROWS`.

The named rows of `sequence_rows` are trained, one seed after the other, and evaluated with every row of
metrics; what was found replaces the same seeds in bench/sequences/results/. Then the table in bench/README.md
and the picture beside this file are made from all files there; without rows, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sequence_rows import ROWS, Row
from teacher_scores import teachers_in_words

from dqn_fast.agent import DQN
from dqn_fast.envs import Environments
from dqn_fast.training import MetricsRow, TrainConfig, build_env, evaluate, train
from dqn_fast.training.collector import Collector
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.parts import build_agent, build_batch_source, build_buffer, build_environments
from dqn_fast.training.reports.style import new_figure, save_figure, steps_on_x
from dqn_fast.training.run_folder.table import markdown_table
from dqn_fast.training.storing import make_store

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

FILES, PICTURE = Path(__file__).with_name("results"), Path(__file__).with_name("sequences.png")
PART = Part("sequences", "python bench/sequences/compare_sequences.py ROWS")
IN_A_ROW = 5  # checks at the goal that a solved run ends with


def train_seed(trained: Row, seed: int, folder: Path) -> dict[str, Any]:
    """Train one seed, and return what it found."""
    config = trained.config(seed)
    env = build_env(config)
    checks: list[list[float]] = []

    def check(row: MetricsRow, agent: DQN) -> None:
        evaluation = evaluate(agent.q_net, env, trained.check_episodes, 0)
        assert evaluation is not None
        checks.append([row.step, row.episodes, round(evaluation.mean, 6)])

    begin = time.process_time()
    run = train(config, folder, overwrite=True, observers=[check])
    seconds = time.process_time() - begin
    assert run.evaluation is not None
    env.close()
    return {
        "seed": seed,
        "steps": run.result.steps,
        "updates": run.result.updates,
        "seconds": round(seconds, 1),
        "last": round(run.evaluation.mean, 6),
        "checks": checks,
    }


def costs(config: TrainConfig, steps: int = 3_000, draws: int = 20) -> dict[str, float]:
    """Return bytes of a stored step, and the share of a network's positions that is learned from.

    Measured with the agent before it learns, which acts at random.
    """
    environments: Environments = build_environments(config)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    buffer = build_buffer(config, environments, agent.policy)
    collector = Collector(environments, agent.policy, make_store(buffer, config.num_envs), Metrics(1))
    collector.begin()
    for step in range(1, steps, config.num_envs):
        collector.collect(step)
    learned = positions = 0
    for batch in build_batch_source(config, buffer).batches(1, draws):
        learned += len(batch.action)
        if config.learns_sequences:
            window = batch.obs.window
            positions += window.inputs.action.numel()
            if window.burn_in:
                lengths = window.burn_in.lengths
                positions += len(lengths) * int(lengths.max())
        else:
            positions += 2 * len(batch.action)  # obs and next_obs
    environments.close()
    return {"bytes": buffer.nbytes / buffer.capacity, "learned": learned / positions}


def markdown(found: dict[str, dict[str, Any]], picture: str) -> str:
    """Return what stands between the markers."""
    names = [name for name in ROWS if name in found]
    all_seeds = [found[name]["seeds"] for name in names]
    columns = {
        "agent": [ROWS[name].title for name in names],
        "steps": [f"{seeds[0]['steps']:,}" for seeds in all_seeds],
        "updates": [f"{seeds[0]['updates']:,}" for seeds in all_seeds],
        "seeds": [str(len(seeds)) for seeds in all_seeds],
        "return, last weights": [_score([seed["last"] for seed in seeds]) for seeds in all_seeds],
        "solved": [_solved(ROWS[name], found[name]["seeds"]) for name in names],
        "from step": [_from(ROWS[name], found[name]["seeds"]) for name in names],
        "processor s a seed": [f"{np.mean([seed['seconds'] for seed in seeds]):.0f}" for seeds in all_seeds],
        "bytes a step": [f"{found[name]['bytes']:.0f}" for name in names],
        "learned positions": [f"{found[name]['learned']:.0%}" for name in names],
    }
    return "\n".join(
        [
            "Last weights, no selection; mean ± standard deviation over seeds. *Solved*: the last",
            f"{IN_A_ROW} evaluations are 1; *from step*: all are from there on (median of the solved seeds).",
            "*Learned positions*: how many of the positions that the network computes in an update are",
            "learned from; the rest is burn-in, padding, and what is only bootstrapped from.",
            "",
            markdown_table(columns, left=("agent",)),
            *_teachers(found),
            f"![Evaluations during these trainings]({picture})",
        ]
    )


def _teachers(found: dict[str, dict[str, Any]]) -> list[str]:
    agents = {
        ROWS[name].title: [seed["last"] for seed in record["seeds"]]
        for name, record in found.items()
        if ROWS[name].env_id == "dqn_fast/Tutor-v0"
    }
    return [teachers_in_words(agents), ""] if agents else []


def _score(values: Sequence[float]) -> str:
    # The spread of one seed is unknown, not zero.
    return f"{np.mean(values):.3f}" + (f" ± {np.std(values):.3f}" if len(values) > 1 else "")


def _solved_from(row: Row, seed: dict[str, Any]) -> float | None:
    """Return the step from which on all checks are at the goal; None if not the last five are."""
    reached = [value >= row.goal for _, _, value in seed["checks"]] if row.goal is not None else []
    if not reached or not all(reached[-IN_A_ROW:]):
        return None
    misses = [number for number, good in enumerate(reached) if not good]
    step: float = seed["checks"][misses[-1] + 1 if misses else 0][0]
    return step


def _solved(row: Row, seeds: Sequence[dict[str, Any]]) -> str:
    if row.goal is None:
        return ""
    return f"{sum(_solved_from(row, seed) is not None for seed in seeds)} of {len(seeds)}"


def _from(row: Row, seeds: Sequence[dict[str, Any]]) -> str:
    steps = [step for seed in seeds if (step := _solved_from(row, seed)) is not None]
    return f"{np.median(steps):,.0f}" if steps else ""


def draw(path: Path, found: dict[str, dict[str, Any]]) -> None:
    """Draw a small panel for each row, with a line for each seed, as a PNG file."""
    names = [name for name in ROWS if name in found]
    across = min(3, len(names))
    figure = new_figure(4.2 * across, 0.4 + 2.4 * -(-len(names) // across))
    figure.set_dpi(100)
    for number, name in enumerate(names):
        axes = figure.add_subplot(-(-len(names) // across), across, number + 1)
        for seed in found[name]["seeds"]:
            steps, _, values = zip(*seed["checks"], strict=True)
            axes.plot(steps, values, linewidth=1.2)
        steps_on_x(axes, found[name]["seeds"][0]["steps"])
        axes.set_ylim(_range([found[other] for other in names if _task(other) == _task(name)]))
        axes.set_title(ROWS[name].title, fontsize=9, fontweight="bold")
        if number % across == 0:
            axes.set_ylabel("return of the greedy policy")
        if number + across >= len(names):  # nothing below
            axes.set_xlabel("environment steps")
    save_figure(figure, path)


def _task(name: str) -> str:
    config = ROWS[name].config(0)
    env = config.env_id.rpartition(":")[2].removeprefix("popgym-")  # `popgym_stacks` has them without
    return f"{env} {config.env_kwargs}"


def _range(records: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the lowest and highest check, with room around them."""
    checks = [check[2] for record in records for seed in record["seeds"] for check in seed["checks"]]
    low, high = min(checks), max(checks)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="what to train")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--runs", type=Path, default=Path("runs/sequences"), help="folder for the runs")
    parser.add_argument("--files", type=Path, default=FILES)
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    options.files.mkdir(exist_ok=True)
    for name in options.rows:
        row, path = ROWS[name], options.files / f"{name}.json"
        seeds = (
            {seed["seed"]: seed for seed in json.loads(path.read_text())["seeds"]} if path.exists() else {}
        )
        for seed in options.seeds:
            seeds[seed] = train_seed(row, seed, options.runs / name / f"seed-{seed}")
            record = {**costs(row.config(seed)), "seeds": [seeds[one] for one in sorted(seeds)]}
            path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    found = {path.stem: json.loads(path.read_text()) for path in options.files.glob("*.json")}
    draw(options.picture, found)
    name = options.picture.resolve().relative_to(options.readme.resolve().parent).as_posix()
    PART.write(options.readme, markdown(found, name))


if __name__ == "__main__":
    main()
