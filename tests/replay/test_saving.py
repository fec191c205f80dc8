"""A saved buffer goes on as the one that was saved; its file is whole, old or new, whatever happens."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

BUFFERS: dict[str, tuple[type[ReplayBuffer], dict[str, Any]]] = {
    "uniform": (ReplayBuffer, {}),
    "prioritised": (PrioritizedReplayBuffer, {"weight_normalization": "buffer", "beta": 0.7}),
    "environments, stacks, extra": (
        PrioritizedReplayBuffer,
        {"num_envs": 3, "frame_stack": 2, "extra_fields": {"log_prob": ((2,), np.float32)}, "reserve": 0.1},
    ),
    "without a reserve": (ReplayBuffer, {"reserve": 0.0, "n_step": 3, "gamma": 0.5}),
}


def add_steps(buffer: ReplayBuffer, num_envs: int, with_extra: bool, steps: int, seed: int) -> None:
    """Steps of episodes with ends, breaks and a few repeated observations; wide ones."""
    rng = np.random.default_rng(seed)
    lead = () if num_envs == 1 else (num_envs,)
    obs = rng.integers(0, 2, (*lead, 4, 100)).astype(np.float32)
    for _ in range(steps):
        frame = rng.integers(0, 2, (*lead, 2, 100)).astype(np.float32)
        axis = len(lead)
        next_obs = np.concatenate([obs.take([2, 3], axis=axis), frame], axis=axis)
        flags = rng.random((2, *lead)) < 0.1
        extra = {"log_prob": rng.normal(size=(*lead, 2)).astype(np.float32)} if with_extra else {}
        action = rng.integers(0, 5, lead) if lead else int(rng.integers(5))
        buffer.add(obs, action, rng.normal(size=lead), next_obs, flags[0], flags[1], **extra)
        obs = next_obs if rng.random() < 0.9 else rng.integers(0, 2, obs.shape).astype(np.float32)


def make(kind: str, steps: int) -> ReplayBuffer:
    buffer_class, options = BUFFERS[kind]
    buffer = buffer_class(30, seed=5, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of early eviction
        add_steps(buffer, options.get("num_envs", 1), "extra_fields" in options, steps, seed=steps)
    return buffer


def saved(buffer: ReplayBuffer, path: Path) -> ReplayBuffer:
    buffer.save(path)
    return ReplayBuffer.load(path)


def goes_on_alike(a: ReplayBuffer, b: ReplayBuffer, kind: str) -> None:
    """Both give the same batches, also after the same updates and adds."""
    assert type(a) is type(b)
    assert (a.stats(), a.capacity, a.is_full()) == (b.stats(), b.capacity, b.is_full())
    options = BUFFERS[kind][1]
    for step in range(10):
        if len(a) > 0:
            first, second = a.sample(8), b.sample(8)
            for x, y in zip(first._arrays, second._arrays, strict=True):
                assert x.tobytes() == y.tobytes()
            if isinstance(a, PrioritizedReplayBuffer):
                priorities = np.abs(first.reward) + step
                assert a.update_priorities(first.indices, priorities) == b.update_priorities(
                    second.indices, priorities
                )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            for buffer in (a, b):
                add_steps(buffer, options.get("num_envs", 1), "extra_fields" in options, 3, seed=step)
    assert b.is_valid()


@pytest.mark.parametrize("steps", [0, 1, 12, 200])
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_loaded_pickled_or_copied_buffer_goes_on_as_the_saved_one(kind: str, steps: int, tmp_path: Path):
    for other in (
        lambda buffer: saved(buffer, tmp_path / "buffer"),
        lambda buffer: pickle.loads(pickle.dumps(buffer)),
        copy.deepcopy,
    ):
        buffer = make(kind, steps)
        goes_on_alike(buffer, other(buffer), kind)


def test_an_open_episode_goes_on_after_loading(tmp_path: Path):
    buffer = ReplayBuffer(10, seed=0)
    buffer.add([0.0], 0, 1.0, [1.0], False)
    loaded = saved(buffer, tmp_path / "buffer")
    loaded.add([1.0], 0, 1.0, [2.0], False)
    assert loaded.stats()["segments"] == 1


def test_old_batches_are_updated_or_stale_after_loading(tmp_path: Path):
    buffer = make("prioritised", 100)
    batch = buffer.sample(16)
    loaded = saved(buffer, tmp_path / "buffer")
    assert isinstance(loaded, PrioritizedReplayBuffer)
    assert loaded.update_priorities(batch.indices, batch.weights) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        add_steps(loaded, 1, False, 200, seed=0)
    assert loaded.update_priorities(batch.indices, batch.weights) == 16


def test_only_what_is_live_is_written(tmp_path: Path):
    buffer = ReplayBuffer(1_000_000, seed=0)
    buffer.add(np.zeros(50, np.float32), 0, 0.0, np.zeros(50, np.float32), False)
    buffer.save(tmp_path / "buffer")
    assert (tmp_path / "buffer").stat().st_size < 5_000


def test_exactly_this_path_and_nothing_beside_it(tmp_path: Path):
    make("uniform", 5).save(str(tmp_path / "no suffix"))
    assert [path.name for path in tmp_path.iterdir()] == ["no suffix"]


def test_a_file_needs_no_pickle(tmp_path: Path):
    make("prioritised", 5).save(tmp_path / "buffer")
    data = (tmp_path / "buffer").read_bytes()
    assert data[:8] == b"dqn_fast"
    size = int.from_bytes(data[12:16], "little")
    assert json.loads(data[16 : 16 + size])["class"] == "PrioritizedReplayBuffer"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "saved buffer: got an empty file"),
        (b"PK\x03\x04" + bytes(100), "saved buffer: got other bytes"),
        (b"dqn_fast", "saved buffer: got a truncated one"),
        (
            b"dqn_fast" + (3).to_bytes(4, "little") + bytes(50),
            "saved buffer: got format 3, expected at most 2",
        ),
        (
            b"dqn_fast" + (1).to_bytes(4, "little") + bytes(50),
            "saved buffer: got a truncated or altered one, expected",
        ),
    ],
)
def test_what_is_no_saved_buffer_is_refused_by_name(data: bytes, message: str, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        ReplayBuffer.load(path)
    assert str(caught.value).startswith(str(path))


def test_corrupted_files_are_refused(tmp_path: Path):
    make("environments, stacks, extra", 50).save(tmp_path / "buffer")
    good = (tmp_path / "buffer").read_bytes()
    draw = random.Random(0)
    path = tmp_path / "bad"
    for _ in range(1_000):
        bad = bytearray(good)
        if draw.random() < 0.3:
            del bad[draw.randrange(len(bad)) :]
        else:
            bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(ValueError, match=r"bad: saved buffer: got .*expected"):
            ReplayBuffer.load(path)


def test_a_missing_file_and_a_missing_folder_are_the_systems_errors(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        ReplayBuffer.load(tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        make("uniform", 5).save(tmp_path / "missing" / "buffer")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "buffer"
    make("uniform", 5).save(path)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "with_name", lambda self, name: self.parent / "full.tmp")
    (tmp_path / "full.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        make("uniform", 200).save(path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["buffer"]


SAVE_FOR_EVER = """
import sys, numpy as np
from dqn_fast import ReplayBuffer
buffer = ReplayBuffer(20_000, seed=0)
obs = np.random.default_rng(0).normal(size=(20_001, 20)).astype(np.float32)
for round in range(1_000_000):
    buffer.extend(obs[:-1], np.full(20_000, round), np.zeros(20_000), obs[1:], np.zeros(20_000, bool))
    buffer.save(sys.argv[1])
    print(round, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process by signal")
def test_a_killed_save_leaves_a_whole_file(tmp_path: Path):
    """Each file holds one round of actions: the last that was reported, or the one in the making."""
    draw = random.Random(1)
    kills = int(os.environ.get("DQN_FAST_KILLS", "5"))
    for kill in range(kills):
        path = tmp_path / f"buffer{kill}"
        command = [sys.executable, "-c", SAVE_FOR_EVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
            assert process.stdout is not None
            reported = int(process.stdout.readline())  # it saves now
            time.sleep(draw.uniform(0.0, 0.1))
            process.send_signal(signal.SIGKILL)
            reported = max([reported, *map(int, process.stdout.read().split())])
        rounds = set(ReplayBuffer.load(path).sample(1_000).action.tolist())
        assert len(rounds) == 1
        assert rounds <= {reported, reported + 1}


def test_a_file_names_its_class_and_no_two_classes_have_one_name(tmp_path: Path) -> None:
    def define(where: str) -> type:
        return type("MyBuffer", (ReplayBuffer,), {"__module__": where, "__qualname__": "MyBuffer"})

    define("notebook")
    again = define("notebook")
    with pytest.raises(ValueError, match=r"class MyBuffer: got other\.MyBuffer, expected another name"):
        define("other")
    buffer = again(3)
    buffer.save(tmp_path / "mine")
    assert type(ReplayBuffer.load(tmp_path / "mine")) is again
