"""Processes of the command line: the learner is killed and goes on with other shards; signals end all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dqn_fast.distributed import RayTransport
from dqn_fast.errors import UsageError
from dqn_fast.training.run_folder.layout import CHECKPOINTS

pytestmark = pytest.mark.ray

PATIENCE = 120.0  # seconds, of a machine that is busy


class Processes:
    """Starts processes that know each other, and their children, by a variable of their environment."""

    def __init__(self) -> None:
        self.mark = f"DQN_FAST_TEST={uuid.uuid4()}"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        name, value = self.mark.split("=")
        return subprocess.Popen(
            [sys.executable, "-m", "dqn_fast", *arguments],
            env={**os.environ, name: value},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a group of its own, as in a terminal
        )

    def alive(self) -> list[str]:
        """The command lines of all that still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # it has ended meanwhile
                continue
        return [command for command in found if command]


def wait_until(is_so: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def rows(folder: Path) -> int:
    path = folder / "metrics.csv"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_killed_learner_and_signals_leave_no_process_and_a_run_that_goes_on(tmp_path: Path) -> None:
    folder, processes = tmp_path / "run", Processes()
    options = {
        "--actors": "2",
        "--num-envs": "2",
        "--total-steps": "1e6",
        "--checkpoint-period": "200",
        "--log-period": "100",
        "--selection-period": "0",
        "--learning-starts": "100",
        "--output": str(folder),
    }
    train = processes.start("train", "CartPole-v1", *[word for pair in options.items() for word in pair])
    wait_until(lambda: list(folder.glob(CHECKPOINTS)) or train.poll() is not None, "no checkpoint")
    train.kill()
    said = train.communicate()[0]
    wait_until(lambda: not processes.alive(), f"{processes.alive()} after the learner was killed; {said}")

    for number, shards in ((signal.SIGINT, 2), (signal.SIGTERM, 1)):
        end_by(number, processes, folder, shards)


def test_a_run_on_a_cluster_that_is_there_leaves_it_there(cluster: Any, tmp_path: Path) -> None:
    import ray

    folder, processes = tmp_path / "run", Processes()
    options = "--actors 1 --num-envs 2 --total-steps 600 --learning-starts 100 --selection-period 0"
    options += f" --eval-episodes 1 --no-video --cluster {ray.get_runtime_context().gcs_address}"
    train = processes.start("train", "CartPole-v1", *options.split(), "--output", str(folder))
    said = train.communicate(timeout=PATIENCE)[0]
    assert train.returncode == 0, said
    assert (folder / "model.pt").exists()
    assert ray.cluster_resources()["CPU"] == 8


@pytest.mark.parametrize("cluster", ["127.0.0.1:1", "nowhere", "nowhere:x"])
def test_a_cluster_that_nobody_can_reach_is_said_at_once(cluster: str) -> None:
    with pytest.raises(UsageError, match=f"^cluster: got {cluster}, expected local, auto, or HOST:PORT of a"):
        RayTransport(cluster, 1)


def end_by(number: signal.Signals, processes: Processes, folder: Path, shards: int) -> None:
    """Go on with so many shards, and then send a signal to all of the group."""
    before = rows(folder)
    resume = processes.start("resume", str(folder), "--shards", str(shards))
    wait_until(lambda: rows(folder) > before + 3 or resume.poll() is not None, "no row after the checkpoint")
    os.killpg(resume.pid, number)  # as a terminal, or who ends a job: to Ray's processes, too
    said = resume.communicate(timeout=PATIENCE)[0]
    assert resume.returncode == 130, said
    assert "Traceback" not in said and "dqn-fast: interrupted after" in said
    wait_until(lambda: not processes.alive(), f"{processes.alive()} after {number.name}")
    assert len(list(next(folder.glob(CHECKPOINTS)).glob("memory-*.dqn"))) == shards
    assert (folder / "model.pt").exists()
