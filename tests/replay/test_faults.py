"""Input that once was taken, or was refused in words that did not help: reports from the field."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replay.support.building import add

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", "0.5"),
        ("gamma", "0.9"),
        ("beta", b"1"),
        ("priority_eps", "1"),
        ("reserve", "1"),
        ("gamma", True),
    ],
)
def test_texts_and_flags_are_no_numbers(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name}: got {value!r}, expected a number"):
        PrioritizedReplayBuffer(10, **{name: value})


@pytest.mark.parametrize("name", ["capacity", "num_envs", "n_step", "seed"])
def test_flags_are_no_counts(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: got True, expected an integer"):
        ReplayBuffer(**{"capacity": 10, name: True})


def test_one_index_is_no_array_of_indices() -> None:
    buffer = PrioritizedReplayBuffer(10, seed=0)
    add(buffer, 0, 1)
    for indices, priorities in ((0, 0.5), (np.int64(0), np.array(0.5)), ([[0]], [[0.5]])):
        with pytest.raises(ValueError, match=r"indices: got shape \(.*\), expected \(B,\)"):
            buffer.update_priorities(indices, priorities)


def rows(count: int) -> dict[str, Any]:
    return {
        "obs": np.zeros((count, 4), np.float32),
        "action": np.zeros(count, np.int64),
        "reward": np.zeros(count, np.float32),
        "next_obs": np.zeros((count, 4), np.float32),
        "terminated": np.zeros(count, bool),
    }


@pytest.mark.parametrize("odd", ["obs", "action", "reward", "next_obs", "terminated", "truncated"])
@pytest.mark.parametrize("count", [7, 9])
def test_extend_names_the_argument_whose_rows_are_more_or_fewer(odd: str, count: int) -> None:
    buffer = ReplayBuffer(20, seed=0)
    arguments = {**rows(8), "truncated": np.zeros(8, bool)}
    other = np.zeros(count, bool) if odd == "truncated" else rows(count)[odd]
    for _ in range(2):  # before shapes are known, and after
        with pytest.raises(ValueError, match=f"^{odd}: got {count} rows, expected 8 as of the other"):
            buffer.extend(**{**arguments, odd: other})
        assert len(buffer) == 0 or len(buffer) == 8
        buffer.clear()
        buffer.extend(**arguments)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"final_mask": np.zeros(3, bool)}, r"final_mask: got shape \(3,\), expected \(2,\)"),
        ({"final_mask": np.zeros(2)}, "final_mask: got dtype float64"),
        ({"final_obs": np.zeros((3, 4), np.float32)}, r"final_obs: got \[3\] rows, expected 2"),
        (
            {"final_obs": np.array([np.zeros(3), None], object)},
            r"final_obs: got shape \(3,\), expected \(4,\)",
        ),
    ],
)
def test_what_is_given_of_ends_must_fit_where_nothing_ended(given: dict[str, Any], message: str) -> None:
    buffer = ReplayBuffer(10, num_envs=2, autoreset="same_step", seed=0)
    step = (np.zeros((2, 4), np.float32), [0, 0], [0.0, 0.0], np.ones((2, 4), np.float32), [False, False])
    buffer.add(*step)
    with pytest.raises((TypeError, ValueError), match=message):
        buffer.add(*step, **given)
    assert len(buffer) == 2
    assert buffer.is_valid()


def test_workers_that_load_one_file_draw_apart_if_each_has_a_seed(tmp_path: Path) -> None:
    buffer = ReplayBuffer(1_000, seed=0)
    buffer.extend(**{**rows(1_000), "obs": np.random.default_rng(0).random((1_000, 4), np.float32)})
    path = tmp_path / "shared.dqn"
    buffer.save(path)

    def drawn_by_a_worker(seed: int | None) -> str:
        load = f"dqn_fast.ReplayBuffer.load({str(path)!r}, seed={seed})"
        code = f"import dqn_fast; print({load}.sample(16).indices)"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert drawn_by_a_worker(None) == drawn_by_a_worker(None)
    assert drawn_by_a_worker(1) != drawn_by_a_worker(2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_worker_draws_apart_if_it_is_seeded() -> None:
    code = """
import os, numpy, dqn_fast
buffer = dqn_fast.ReplayBuffer(1_000, seed=0)
obs = numpy.arange(1_001.0)
buffer.extend(obs[:-1], obs[:-1], obs[:-1], obs[1:], numpy.zeros(1_000, bool))
for seed in (None, 1, 2):
    if os.fork() == 0:
        if seed is not None:
            buffer.reseed(seed)
        print(*buffer.sample(8).indices, flush=True)
        os._exit(0)
    os.wait()
print(*buffer.sample(8).indices)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unseeded, one, two, parent = run.stdout.splitlines()
    assert unseeded == parent
    assert len({parent, one, two}) == 3
