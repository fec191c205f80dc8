"""Deaths, on both transports; on Ray by kill -9, in the midst of whatever the process does."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distributed.support import Transports, apex

from dqn_fast import ReplayBuffer
from dqn_fast.distributed import OneThread, train_distributed
from dqn_fast.distributed.batches import ShardBatches
from dqn_fast.distributed.loop import DistributedLoop
from dqn_fast.errors import UsageError
from dqn_fast.training import StopTraining
from dqn_fast.training.run import Run
from dqn_fast.training.run_folder.layout import CHECKPOINTS
from dqn_fast.training.trainer import Trainer


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The loops of the runs that a test makes."""
    made: list[Any] = []
    build = Trainer.__init__

    def kept(self: Trainer, *arguments: Any, **options: Any) -> None:
        build(self, *arguments, **options)
        made.append(self.loop)

    monkeypatch.setattr(Trainer, "__init__", kept)
    return made


class Killer:
    """An observer that kills when all are there, some times, and ends the run when all have come back."""

    def __init__(self, loops: list[Any], times: int, kill: Callable[[], None], each: int = 1) -> None:
        self.loops, self.times, self.kill, self.each = loops, times, kill, each
        self.killed = self.rest = 0

    def __call__(self, row: Any, agent: Any) -> None:
        loop = self.loops[0]
        members = loop.crew.members
        # A shard that nothing was drawn from has nothing to lose, and its death is no event.
        drawn = all(port.generation is not None for port in loop.shards.ports)
        is_whole = drawn and not loop.shards.calls and all(one.asked or not one.call for one in members)
        noticed = loop.shards.deaths + loop.crew.deaths
        if not is_whole or row.step < 300 or noticed < self.killed * self.each:
            return
        if self.killed < self.times:
            self.killed += 1
            self.kill()
        elif self.rest == 3:
            raise StopTraining
        else:
            self.rest += 1


def is_in_step(run: Run) -> bool:
    """Whether the learner has made the updates of one process, but for those that it may lag behind."""
    return run.result.steps // 8 - 99 // 8 - 20 <= run.result.updates <= run.result.steps // 8 - 99 // 8


def test_a_killed_actor_is_made_again_and_begins_new_episodes(
    transports: Transports, tmp_path: Path, loops: list[DistributedLoop]
) -> None:
    killer = Killer(loops, 1, lambda: transports.kill(2))
    with pytest.warns(RuntimeWarning, match="actor 1 died, and is made again"):
        run = train_distributed(apex(300_000), tmp_path / "run", connect=transports, observers=[killer])
    assert is_in_step(run)
    assert loops[0].crew.deaths == 1 and loops[0].crew.members[1].life == 1
    assert loops[0].crew.lost == 0 and loops[0].shards.deaths == 0


def test_an_actor_that_dies_again_and_again_ends_the_run(tmp_path: Path, loops: list[Any]) -> None:
    transports = Transports(OneThread)
    killer = Killer(loops, 9, lambda: transports.kill(1))
    with (
        pytest.warns(RuntimeWarning, match="actor 0 died"),
        pytest.raises(UsageError, match="actor 0: got 4 deaths of its process within a minute, expected"),
    ):
        train_distributed(apex(300_000), tmp_path / "run", connect=transports, observers=[killer])


def test_a_killed_shard_comes_back_and_no_late_priority_hits_another_transition(
    transports: Transports, tmp_path: Path, loops: list[DistributedLoop]
) -> None:
    killer = Killer(loops, 3, lambda: transports.kill(0))
    with pytest.warns(RuntimeWarning, match="shard 0 died with about"):
        run = train_distributed(
            apex(300_000, shards=2), tmp_path / "run", connect=transports, observers=[killer]
        )
    assert is_in_step(run)
    assert loops[0].shards.deaths == 3
    assert loops[0].crew.deaths == 0


def test_a_killed_shard_comes_back_with_what_its_last_checkpoint_has(
    transports: Transports, tmp_path: Path, loops: list[DistributedLoop]
) -> None:
    held = []

    def kill() -> None:
        (checkpoint,) = (tmp_path / "run").glob(CHECKPOINTS)
        held.append(len(ReplayBuffer.load(checkpoint / "memory-0000.dqn")))
        transports.kill(0)

    config = apex(300_000, checkpoint_period=250)
    with pytest.warns(RuntimeWarning, match="shard 0 died"):
        train_distributed(config, tmp_path / "run", connect=transports, observers=[Killer(loops, 1, kill)])
    # Empty, it would hold the three rows of metrics since then alone.
    assert held[0] >= 250
    assert loops[0].shards.ports[0].held >= held[0] + 300


def test_all_shards_may_die(transports: Transports, tmp_path: Path, loops: list[DistributedLoop]) -> None:
    def both() -> None:
        transports.kill(0)
        transports.kill(1)

    killer = Killer(loops, 1, both, each=2)
    with pytest.warns(RuntimeWarning, match="shard [01] died"):
        run = train_distributed(
            apex(300_000, shards=2), tmp_path / "run", connect=transports, observers=[killer]
        )
    assert is_in_step(run) and loops[0].shards.deaths == 2


def test_an_environment_that_raises_gives_its_own_traceback(transports: Transports, tmp_path: Path) -> None:
    config = apex(900, env_id="distributed.raising:Raising-v0")
    with pytest.raises(RuntimeError, match="OwnError: the joint broke in step 30") as caught:
        train_distributed(config, tmp_path / "run", connect=transports)
    told = "".join(traceback.format_exception(caught.value))
    assert re.search(r'raising.py", line \d+, in step\n\s+raise OwnError', told)
    assert "RayTaskError" not in told


def test_an_environment_that_cannot_be_made_is_said_before_anything_is_placed(tmp_path: Path) -> None:
    def connect(config: Any) -> Any:
        raise AssertionError("placed")

    with pytest.raises(UsageError, match="cannot make the environment 'CartPol-v1'"):
        train_distributed(apex(900, env_id="CartPol-v1"), tmp_path / "run", connect=connect)
    assert list(tmp_path.iterdir()) == []


def test_the_time_in_which_the_learner_waits_is_counted(
    transports: Transports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[ShardBatches] = []
    init = ShardBatches.__init__
    monkeypatch.setattr(
        ShardBatches, "__init__", lambda self, *a, **k: (sources.append(self), init(self, *a, **k))[1]
    )
    train_distributed(apex(300), tmp_path / "run", connect=transports)
    assert sources[0].waited > 0
