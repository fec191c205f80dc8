"""Compare whole trainings: `python bench/training/compare_trainings.py [--cleanrl CLONE]`.

All train with the same hyper-parameters, network, environment and number of updates, on one core, in turn,
each in a process of its own. Ours and Stable-Baselines3's need `pip install '.[agent]'
'stable-baselines3>=2.9'`.
CleanRL's dqn.py needs a clone of its repository, and a Python with versions that it works with
(`--cleanrl-python`): `pip install torch 'gymnasium[classic-control]==0.29.1' tensorboard tyro psutil`.
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

from trainers.settings import Measured, Settings

from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import Part

HERE, CHECKOUT = Path(__file__).parent, Path(__file__).parents[2]
COMMAND = "python bench/training/compare_trainings.py --cleanrl CLONE --readme bench/README.md"
PART = Part("training speed", COMMAND)
PACKAGES = ("stable-baselines3", "gymnasium", "torch", "numpy")
CAPTION = """\
CartPole-v1, one thread on one core; medians of {rounds} rounds. **Time** (wall-clock) and **CPU** (of the
process) are divided by ours. **Beside updates** is the wall-clock time for environments, acting, storing and
reporting; the last column is the part of it within Gymnasium's own `step`, which no trainer can make shorter.
{versions}.
"""

# stable-baselines3-zoo's CartPole-v1, and the defaults of CleanRL's dqn.py; their `steps` are `--steps`.
ZOO = Settings(0, 1, (256, 256), 2.3e-3, 64, 100_000, 1_000, 256, 128, 128, 0.16, 0.04, True, 10.0)
CLEANRL = Settings(0, 1, (120, 84), 2.5e-4, 128, 10_000, 10_011, 10, 1, 50, 0.5, 0.05, False, math.inf)


class Trainer(NamedTuple):
    """Who trains: a module of `trainers`, and the Python that runs it."""

    module: str
    python: str

    def train(self, settings: Settings) -> Measured:
        """Train in a process of its own; return what it took.

        Raises:
            RuntimeError: if the process fails.
        """
        path = os.pathsep.join([str(HERE), str(CHECKOUT)])
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": path}
        command = [self.python, "-m", f"trainers.{self.module}", json.dumps(settings._asdict())]
        with tempfile.TemporaryDirectory() as folder:  # CleanRL writes to its working folder
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self.module}: got exit status {done.returncode}, expected 0\n{done.stderr}")
        return Measured(**json.loads(done.stdout.splitlines()[-1]))


class Line(NamedTuple):
    """Settings, who trains with them, and what each round took."""

    title: str
    settings: Settings
    trainers: dict[str, Trainer]
    measured: dict[str, list[Measured]]


def measure(lines: Sequence[Line], rounds: int) -> None:
    """Let all trainers of all lines take turns, so that a busy machine slows all of them.

    Raises:
        ValueError: if the trainers of a line made different numbers of steps or updates.
    """
    for number in range(rounds):
        for line in lines:
            for name, trainer in line.trainers.items():
                measured = trainer.train(line.settings)
                line.measured[name].append(measured)
                sys.stderr.write(f"round {number + 1}, {line.title}, {name}: {measured}\n")
            made = {name: (rows[-1].steps, rows[-1].updates) for name, rows in line.measured.items()}
            if len(set(made.values())) > 1:
                raise ValueError(f"{line.title}: got steps and updates {made}, expected the same of all")


def table(lines: Sequence[Line]) -> str:
    """Return a line for each trainer; the first of a line, ours, is what the others are divided by."""
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
    """Return microseconds per step without learner updates: for environments, acting and storing."""
    return 1e6 * statistics.median((row.seconds - row.learn_seconds) / row.steps for row in rows)


def environment(rows: Sequence[Measured]) -> float:
    """Return microseconds per step within Gymnasium's own `step`."""
    return 1e6 * statistics.median(row.environment_seconds / row.steps for row in rows)


def make_lines(steps: int, cleanrl: Path | None, cleanrl_python: str) -> list[Line]:
    """Return the lines of the table, for trainings of at least `steps` each."""
    us, sb3 = Trainer("ours", sys.executable), Trainer("sb3", sys.executable)
    lines = [
        _line("SB3 zoo: 256-256, batch 64", ZOO, steps, {"dqn_fast": us, "SB3": sb3}),
        _line("the same, 8 environments", ZOO._replace(num_envs=8), steps, {"dqn_fast": us}),
    ]
    settings = CLEANRL
    them: dict[str, Trainer] = {}
    if cleanrl:
        settings = settings._replace(folder=str(cleanrl.resolve()))
        them = {"CleanRL": Trainer("cleanrl", cleanrl_python)}
    lines += [
        _line("CleanRL: 120-84, batch 128", settings, steps, {"dqn_fast": us, **them}),
        _line("the same, 8 environments", settings._replace(num_envs=8), steps, {"dqn_fast": us}),
    ]
    return lines


def _line(title: str, settings: Settings, steps: int, trainers: dict[str, Trainer]) -> Line:
    # Whole rounds, because SB3 always finishes a round.
    whole = math.ceil(steps / settings.learn_period) * settings.learn_period
    return Line(title, settings._replace(steps=whole), trainers, {name: [] for name in trainers})


def main() -> None:
    """Run the command."""
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
        # Children inherit it. A process that moves to another core would leave its caches behind.
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
        versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
        caption = CAPTION.format(rounds=options.rounds, versions=versions)
        PART.write(options.readme, f"{caption}\n{table(lines)}")


if __name__ == "__main__":
    main()
