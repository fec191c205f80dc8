"""Our buffers hold what cpprb's hold, and refuse bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cpprb
import numpy as np
import pytest
from dropin.cpprb.rows import ENV_DICTS, NSTEP, assert_same, values_of
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer, ReplayBuffer


@pytest.mark.parametrize("kind", ENV_DICTS)
@given(
    size=st.integers(1, 12),
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=15),
    chained=st.booleans(),
    seed=st.integers(0, 500),
)
def test_it_holds_what_cpprb_holds(kind: str, size: int, counts: list[int], chained: bool, seed: int) -> None:
    env_dict = ENV_DICTS[kind]
    counts = [min(count, size) for count in counts]
    rng = np.random.default_rng(seed)
    ours, theirs = ReplayBuffer(size, env_dict), cpprb.ReplayBuffer(size, env_dict)
    last: dict[str, Any] = {}
    for count in counts:
        rows = values_of(env_dict, count, rng)
        for name in last if chained else ():
            rows[name][0] = last[name]
        last = {name[5:]: rows[name][-1] for name in rows if name.startswith("next_") and name[5:] in rows}
        given_rows = {name: values[0] for name, values in rows.items()} if count == 1 else rows
        assert ours.add(**given_rows) == theirs.add(**given_rows)
        for method in (
            "get_stored_size",
            "get_buffer_size",
            "get_next_index",
            "get_current_episode_len",
            "is_Nstep",
        ):
            assert getattr(ours, method)() == getattr(theirs, method)()
    assert_same(ours.get_all_transitions(), theirs.get_all_transitions())
    everything = theirs.get_all_transitions()
    stored = {
        b"".join(column[row].tobytes() for column in everything.values())
        for row in range(theirs.get_stored_size())
    }
    sample = ours.sample(32)
    assert list(sample) == list(env_dict)
    for row in range(32):
        assert b"".join(np.ascontiguousarray(column[row]).tobytes() for column in sample.values()) in stored
    shuffled = ours.get_all_transitions(shuffle=True)
    assert all(values.shape == everything[name].shape for name, values in shuffled.items())
    for buffer in (ours, theirs):
        buffer.clear()
    assert ours.get_stored_size() == ours.get_next_index() == theirs.get_next_index() == 0
    assert_same(ours.get_all_transitions(), theirs.get_all_transitions())


@pytest.mark.parametrize("options", [{}, {"stack_compress": "obs"}])
def test_next_of_and_stack_compress_hold_what_cpprb_holds_and_keep_each_frame_once(options: Any) -> None:
    env_dict = {"obs": {"shape": (6, 5, 4), "dtype": np.uint8}, "rew": {}, "done": {}}
    ours = ReplayBuffer(50, env_dict, next_of=("obs", "rew"), **options)
    theirs = cpprb.ReplayBuffer(50, env_dict, next_of=("obs", "rew"), **options)
    rng = np.random.default_rng(0)
    for _ in range(6):
        stack = np.repeat(rng.integers(0, 256, (6, 5, 1), dtype=np.uint8), 4, -1)
        for step in range(17):
            after = np.concatenate([stack[..., 1:], rng.integers(0, 256, (6, 5, 1), dtype=np.uint8)], -1)
            rows = {"obs": stack, "next_obs": after, "rew": step, "next_rew": step + 1, "done": step == 16}
            assert ours.add(**rows) == theirs.add(**rows)
            stack = after
        ours.on_episode_end()
        theirs.on_episode_end()
        assert ours.get_current_episode_len() == theirs.get_current_episode_len() == 0
    assert_same(ours.get_all_transitions(), theirs.get_all_transitions())
    frame = 30 if options else 120
    assert ours._buffer.nbytes < 2.2 * 50 * (frame + 40)


def test_files_go_both_ways(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = values_of(ENV_DICTS["more"], 20, rng)
    ours, theirs = ReplayBuffer(16, ENV_DICTS["more"]), cpprb.ReplayBuffer(16, ENV_DICTS["more"])
    for buffer in (ours, theirs):
        for row in range(20):
            buffer.add(**{name: values[row] for name, values in rows.items()})
    ours.save_transitions(tmp_path / "ours.npz")
    theirs.save_transitions(str(tmp_path / "theirs.npz"))
    from_theirs, from_ours = ReplayBuffer(16, ENV_DICTS["more"]), cpprb.ReplayBuffer(16, ENV_DICTS["more"])
    from_theirs.load_transitions(tmp_path / "theirs.npz")
    from_ours.load_transitions(str(tmp_path / "ours.npz"))
    assert_same(from_theirs.get_all_transitions(), from_ours.get_all_transitions())
    assert_same(from_theirs.get_all_transitions(), theirs.get_all_transitions())
    with pytest.raises(ValueError, match="Nstep"):
        ReplayBuffer(16, ENV_DICTS["usual"], Nstep=NSTEP).load_transitions(tmp_path / "ours.npz")
    prioritized = PrioritizedReplayBuffer(16, ENV_DICTS["more"])
    prioritized.load_transitions(tmp_path / "ours.npz")
    assert prioritized.sample(4)["weights"].shape == (4,)


def test_bad_input_names_the_argument_and_changes_nothing() -> None:
    buffer = ReplayBuffer(5, {"obs": {"shape": 3}, "act": {"dtype": np.int8}})
    for rows, error, match in (
        ({"obs": np.zeros(3)}, KeyError, "act"),
        ({"obs": np.zeros(4), "act": 1}, ValueError, "obs: got shape"),
        ({"obs": np.zeros((2, 3)), "act": 1}, ValueError, "obs: got shape"),
        ({"obs": np.zeros(3), "act": 1.5}, TypeError, "act"),
        ({"obs": np.zeros(3), "act": 300}, TypeError, "act"),
    ):
        with pytest.raises(error, match=match):
            buffer.add(**rows)
    assert buffer.get_stored_size() == buffer.get_next_index() == 0
    with pytest.raises(ValueError, match=r"sample: .*empty"):
        buffer.sample(1)
    for options, error, match in (
        ({"mmap_prefix": "x"}, NotImplementedError, "mmap_prefix"),
        ({"nstep": {}}, TypeError, "nstep"),
        ({"next_of": "reward"}, KeyError, "reward"),
        ({"Nstep": NSTEP}, KeyError, "done"),
    ):
        with pytest.raises(error, match=match):
            ReplayBuffer(5, {"obs": {"shape": 3}, "act": {}}, **options)
    with pytest.raises(ValueError, match="env_dict"):
        ReplayBuffer(5)
