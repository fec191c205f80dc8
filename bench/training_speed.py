"""Whole trainings against rivals: `python bench/training_speed.py [--cleanrl CLONE]`.

The same hyper-parameters, network, environment and number of updates for each, one thread on one core, a
process for each training, in turn. Needs `pip install '.[agent]' 'stable-baselines3>=2.9'`; for CleanRL's
dqn.py, a clone of its repository and (`--cleanrl-python`) the Python of an environment with versions that it
works with: `pip install torch 'gymnasium[classic-control]==0.29.1' tensorboard tyro psutil`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from between import between_markers
from trainings.job import Job, Measured

from dqn_fast.training.run_folder.table import markdown_table

HERE = Path(__file__).parent
BEGIN = "<!-- training speed: begin (python bench/training_speed.py --cleanrl CLONE --readme README.md) -->"
END = "<!-- training speed: end -->"
PACKAGES = ("stable-baselines3", "gymnasium", "torch", "numpy")
CAPTION = """\
Whole trainings on CartPole-v1 with the same hyper-parameters, network and number of updates, one thread
on one core; medians of {rounds} interleaved rounds, from the first step to the last. **Time** and **CPU**
(of the process) are a contender's divided by ours. Environments, acting, storing and reporting are **beside
updates**, on the wall; the last column is the part of it that Gymnasium's own `step` takes, which no trainer
can make shorter.
{versions}.
"""

# stable-baselines3-zoo's CartPole-v1, and the defaults of CleanRL's dqn.py. Where lengths say 0: `--steps`.
ZOO = Job(0, 1, (256, 256), 2.3e-3, 64, 100_000, 1_000, 256, 128, 128, 0.16, 0.04, True, 10.0)
CLEANRL = Job(0, 1, (120, 84), 2.5e-4, 128, 10_000, 10_011, 10, 1, 50, 0.5, 0.05, False, math.inf)


class Contender(NamedTuple):
    """Who trains: a module of `trainings`, and the Python that runs it."""

    module: str
    python: str

    def train(self, job: Job) -> Measured:
        """A training in a process of its own.

        Raises:
            RuntimeError: it failed.
        """
        path = os.pathsep.join([str(HERE), str(HERE.parent)])
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": path}
        command = [self.python, "-m", f"trainings.{self.module}", json.dumps(job._asdict())]
        with tempfile.TemporaryDirectory() as folder:  # CleanRL's writes to where it runs
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self.module} failed:\n{done.stderr}")
        return Measured(**json.loads(done.stdout.splitlines()[-1]))


class Line(NamedTuple):
    """A job, who does it, and what each of its rounds took."""

    title: str
    job: Job
    contenders: dict[str, Contender]
    measured: dict[str, list[Measured]]


def measure(lines: Sequence[Line], rounds: int) -> None:
    """Let all contenders of all lines take turns, so that a busy hour hits all of them.

    Raises:
        ValueError: the contenders of a line have made different numbers of steps or updates.
    """
    for number in range(rounds):
        for line in lines:
            for name, contender in line.contenders.items():
                measured = contender.train(line.job)
                line.measured[name].append(measured)
                sys.stderr.write(f"round {number + 1}, {line.title}, {name}: {measured}\n")
            made = {name: (rows[-1].steps, rows[-1].updates) for name, rows in line.measured.items()}
            if len(set(made.values())) > 1:
                raise ValueError(f"{line.title}: steps and updates are {made}, expected the same")


def table(lines: Sequence[Line]) -> str:
    """A line for each contender. Ours is the first of its job, which the others are divided by."""
    cells = [(line, name, rows) for line in lines for name, rows in line.measured.items()]
    first = [next(iter(line.measured.values())) for line, _, _ in cells]
    columns = {
        "settings": [line.title for line, _, _ in cells],
        "trained by": [name for _, name, _ in cells],
        "steps": [f"{rows[0].steps:,}" for _, _, rows in cells],
        "updates": [f"{rows[0].updates:,}" for _, _, rows in cells],
        "steps/s": [f"{rows[0].steps / seconds(rows):,.0f}" for _, _, rows in cells],
        "time, of ours": [
            f"{seconds(rows) / seconds(ours):.2f}" for (_, _, rows), ours in zip(cells, first, strict=True)
        ],
        "CPU, of ours": [
            f"{cpu_seconds(rows) / cpu_seconds(ours):.2f}"
            for (_, _, rows), ours in zip(cells, first, strict=True)
        ],
        "µs/step beside updates": [
            f"{beside_updates(rows):.1f}" if rows[0].learn_seconds else "" for _, _, rows in cells
        ],
        "of these Gymnasium's": [
            f"{environment(rows):.1f}" if rows[0].environment_seconds else "" for _, _, rows in cells
        ],
    }
    return markdown_table(columns, left=("settings", "trained by"))


def seconds(rows: Sequence[Measured]) -> float:
    return statistics.median(row.seconds for row in rows)


def cpu_seconds(rows: Sequence[Measured]) -> float:
    return statistics.median(row.cpu_seconds for row in rows)


def beside_updates(rows: Sequence[Measured]) -> float:
    """Microseconds for each step, without learner updates: environments, acting, storing."""
    return 1e6 * statistics.median((row.seconds - row.learn_seconds) / row.steps for row in rows)


def environment(rows: Sequence[Measured]) -> float:
    """Microseconds for each step, within Gymnasium's own `step`."""
    return 1e6 * statistics.median(row.environment_seconds / row.steps for row in rows)


def make_lines(steps: int, cleanrl: Path | None, cleanrl_python: str) -> list[Line]:
    """The jobs, of at least so many steps each, and their contenders."""
    us, sb3 = Contender("ours", sys.executable), Contender("sb3", sys.executable)
    lines = [
        _line("SB3 zoo: 256-256, batch 64", ZOO, steps, {"dqn_fast": us, "SB3": sb3}),
        _line("the same, 8 environments", ZOO._replace(num_envs=8), steps, {"dqn_fast": us}),
    ]
    job = CLEANRL
    them: dict[str, Contender] = {}
    if cleanrl:
        job, them = (
            job._replace(folder=str(cleanrl.resolve())),
            {"CleanRL": Contender("cleanrl", cleanrl_python)},
        )
    lines += [
        _line("CleanRL: 120-84, batch 128", job, steps, {"dqn_fast": us, **them}),
        _line("the same, 8 environments", job._replace(num_envs=8), steps, {"dqn_fast": us}),
    ]
    return lines


def _line(title: str, job: Job, steps: int, contenders: dict[str, Contender]) -> Line:
    # Whole rounds: SB3 ends with one, whatever it was told.
    whole = math.ceil(steps / job.learn_period) * job.learn_period
    return Line(title, job._replace(steps=whole), contenders, {name: [] for name in contenders})


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=50_000, help="of each training")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cleanrl", type=Path, help="a clone of github.com/vwxyzjn/cleanrl")
    parser.add_argument("--cleanrl-python", default=sys.executable, help="the Python that runs it")
    parser.add_argument("--json", type=Path, help="file for everything that was measured")
    parser.add_argument("--readme", type=Path, help="file whose table is replaced")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        # For this process and its children: one that is moved to another core leaves its caches behind.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    lines = make_lines(options.steps, options.cleanrl, options.cleanrl_python)
    measure(lines, options.rounds)
    if options.json:
        found = {
            f"{line.title}, {name}": [row._asdict() for row in rows]
            for line in lines
            for name, rows in line.measured.items()
        }
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(lines))
    if options.readme:
        text = options.readme.read_text(encoding="utf-8")
        versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
        caption = CAPTION.format(rounds=options.rounds, versions=versions)
        new = between_markers(text, BEGIN, END, f"{caption}\n{table(lines)}")
        options.readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
