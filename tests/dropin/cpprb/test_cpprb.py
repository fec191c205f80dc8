"""cpprb's interface on our memory, beside cpprb itself.

Longer than most files: each of its options is compared with the package on random operations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cpprb
import gymnasium as gym
import numpy as np
import pytest
import torch
from dropin.cartpole import BATCH, RANDOM_RETURN, Learner, play, q_network
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer, ReplayBuffer, create_buffer

ENV_DICTS: dict[str, dict[str, Any]] = {
    "usual": {
        "obs": {"shape": 3},
        "act": {"shape": 1, "dtype": np.ubyte},
        "rew": {},
        "next_obs": {"shape": 3},
        "done": {},
    },
    "more": {
        "obs": {"shape": (2, 2), "dtype": np.uint8},
        "next_obs": {"shape": (2, 2), "dtype": np.uint8},
        "next_next_obs": {"shape": (2, 2), "dtype": np.uint8},
        "hidden": {"shape": (4,), "dtype": np.float64},
        "action": {"shape": 2},
        "reward": {"shape": 2},
        "mask": {"dtype": np.bool_},
        "done": {},
    },
    "two observations": {
        "image": {"shape": (2, 3), "dtype": np.uint8},
        "next_image": {"shape": (2, 3), "dtype": np.uint8},
        "speed": {"dtype": np.int16},
        "next_speed": {"dtype": np.int16},
        "rew": {"dtype": np.float64},
        "done": {},
    },
    "no next values": {"a": {"shape": (2, 1)}, "b": {"dtype": np.int64}, "next_b": {"dtype": np.int32}},
}
NSTEP = {"size": 3, "rew": "rew", "gamma": 0.9, "next": "next_obs"}


def values_of(env_dict: dict[str, Any], count: int, rng: np.random.Generator) -> dict[str, Any]:
    rows = {}
    for name, spec in env_dict.items():
        shape = np.atleast_1d(spec.get("shape", 1)).tolist()
        dtype = np.dtype(spec.get("dtype", np.float32))
        top = 2 if dtype.kind == "b" or name == "done" else 200
        rows[name] = rng.integers(0, top, (count, *shape)).astype(dtype)
        if dtype.kind == "f" and name != "done":
            rows[name] = (rows[name] / 8).astype(dtype)
    return rows


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        assert ours[name].dtype == values.dtype and ours[name].shape == values.shape, name
        assert np.array_equal(ours[name], values), name


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


def returns_of(rows: list[dict[str, Any]], ends: list[bool]) -> list[dict[str, Any]]:
    """cpprb's manual on Nstep, in plain Python: the episodes' returns, in order."""
    result = []
    for start, row in enumerate(rows):
        stop = next((i for i in range(start, len(rows)) if ends[i]), None)
        if stop is None and start + NSTEP["size"] > len(rows):
            break  # not known yet
        last = min(start + NSTEP["size"], (len(rows) if stop is None else stop + 1)) - 1
        window = rows[start : last + 1]
        dones = [step["done"] for step in window]
        total = sum(
            NSTEP["gamma"] ** i * np.prod([1 - d for d in dones[:i]]) * step["rew"]
            for i, step in enumerate(window)
        )
        first_done = next((step for step in window if step["done"]), window[-1])
        result.append(
            {
                **row,
                "rew": total,
                "next_obs": first_done["next_obs"],
                "done": 1 - np.prod([1 - d for d in dones]),
            }
        )
    return result


@given(kinds=st.lists(st.sampled_from(["step", "done", "cut"]), min_size=1, max_size=40), many=st.booleans())
def test_nstep_gives_the_returns_that_cpprbs_manual_says(kinds: list[str], many: bool) -> None:
    rng = np.random.default_rng(0)
    ours = PrioritizedReplayBuffer(200, ENV_DICTS["usual"], Nstep=NSTEP)
    theirs = cpprb.PrioritizedReplayBuffer(200, ENV_DICTS["usual"], Nstep=NSTEP)
    rows: list[dict[str, Any]] = []
    for kind in kinds:
        row = {name: values[0] for name, values in values_of(ENV_DICTS["usual"], 1, rng).items()}
        row["rew"], row["done"] = float(row["rew"][0]), float(kind == "done")
        rows.append(row)
        assert ours.add(**row) == theirs.add(**row)
        if kind != "step":
            ours.on_episode_end()
            theirs.on_episode_end()
        assert ours.get_stored_size() == theirs.get_stored_size()
    expected = returns_of(rows, [kind != "step" for kind in kinds])
    found, other = ours.get_all_transitions(), theirs.get_all_transitions()
    assert len(found["rew"]) == len(expected)
    for at, row in enumerate(expected):
        for name, values in found.items():
            assert np.allclose(values[at], row[name], rtol=1e-5), name
        assert np.allclose(other["rew"][at], row["rew"], rtol=1e-4)
    assert np.array_equal(found["obs"], other["obs"]) and np.array_equal(found["act"], other["act"])
    if many:
        at_once = ReplayBuffer(200, ENV_DICTS["usual"], Nstep=NSTEP)
        first = next((i for i, kind in enumerate(kinds) if kind != "step"), len(kinds) - 1)
        at_once.add(**{name: np.stack([row[name] for row in rows[: first + 1]]) for name in rows[0]})
        at_once.on_episode_end()
        for name, values in at_once.get_all_transitions().items():
            if kinds[first] != "step":
                assert np.allclose(values, found[name][: first + 1], rtol=1e-5)


def test_what_cpprb_gets_wrong_with_nstep_is_as_documented() -> None:
    theirs = cpprb.ReplayBuffer(50, ENV_DICTS["usual"], Nstep=NSTEP)
    for number in range(5):
        theirs.add(
            obs=np.full(3, number), act=0, rew=1, next_obs=np.full(3, number + 7), done=float(number == 4)
        )
    theirs.on_episode_end()
    rows = theirs.get_all_transitions()
    assert rows["done"].ravel().tolist() == [0, 0, 0, 1, 1]  # the third return spans the terminated step
    assert (rows["next_obs"][3:] == 1).all()  # 11 and no 1 was added


def test_weights_draws_and_priorities_are_cpprbs() -> None:
    options: Any = {"alpha": 0.7, "eps": 0.05}
    ours = PrioritizedReplayBuffer(6, ENV_DICTS["usual"], **options)
    theirs = cpprb.PrioritizedReplayBuffer(6, ENV_DICTS["usual"], **options)
    for buffer in (ours, theirs):
        rows = {
            "obs": np.zeros((6, 3)),
            "next_obs": np.zeros((6, 3)),
            "rew": np.zeros(6),
            "done": np.zeros(6),
        }
        buffer.add(act=np.arange(6), **rows)
        buffer.update_priorities(np.arange(6), np.array([0, 0.1, 0.2, 0.4, 0.8, 1.6], np.float32))
        assert buffer.get_max_priority() == pytest.approx(1.6)
        one = {name: values[0] for name, values in rows.items()}
        assert buffer.add(act=6, **one) == 0  # the largest so far
        assert buffer.add(act=7, priorities=3.0, **one) == 1
        assert buffer.get_max_priority() == pytest.approx(3.0)
    counts, weights = [], []
    for buffer in (ours, theirs):
        sample = buffer.sample(60_000, beta=0.6)
        acts = sample["act"].ravel()
        counts.append(np.bincount(acts, minlength=8))
        weights.append([float(np.array(sample["weights"])[acts == act][0]) for act in range(2, 8)])
        assert sample["weights"].dtype == np.float32 and sample["weights"].shape == sample[
            "indexes"
        ].shape == (60_000,)
    assert np.allclose(*weights, rtol=1e-5)
    assert np.abs(counts[0] - counts[1]).max() <= 4  # stratified: to within the rounding of cpprb's float32
    default = ours.sample(32)
    assert sorted(default) == sorted(theirs.sample(32))
    ours.clear()
    assert ours.get_max_priority() == 1.0 and ours.get_stored_size() == 0


def test_new_transitions_weigh_one_plus_eps_at_first_as_cpprbs_do() -> None:
    weights = []
    for library in (PrioritizedReplayBuffer, cpprb.PrioritizedReplayBuffer):
        buffer = library(2, {"act": {}}, alpha=1.0, eps=1.0)
        buffer.add(act=0)
        buffer.add(act=1, priorities=0.0)
        sample = buffer.sample(64, 1.0)
        weights.append(sorted({round(float(weight), 5) for weight in sample["weights"]}))
    assert weights[0] == weights[1] == [0.5, 1.0]


def test_indexes_are_good_for_ever_and_positions_are_taken_too() -> None:
    buffer = PrioritizedReplayBuffer(4, {"act": {"dtype": np.int64}}, alpha=1.0, eps=0.0)
    for act in range(4):
        buffer.add(act=act)
    old = buffer.sample(64)
    for act in range(4, 7):
        assert buffer.add(act=act) == act % 4
    buffer.update_priorities(old["indexes"], np.where(old["act"].ravel() == 3, 1e-9, 1e9))  # only 3 is left
    drawn = buffer.sample(64)["act"].ravel()
    assert set(drawn.tolist()) == {4, 5, 6}
    buffer.update_priorities([[0], [2]], torch.tensor([[0.0], [0.0]]))  # positions of 4 and 6
    assert set(buffer.sample(64)["act"].ravel().tolist()) == {5}
    for indexes in ([-1], [10_000], [2**40]):
        with pytest.raises(IndexError):
            buffer.update_priorities(indexes, [1.0])
    for dtype in (np.int8, np.uint8, np.uint64, np.float32):  # cpprb takes them all
        buffer.update_priorities(np.arange(4, dtype=dtype), np.ones(4))
    for indexes in ([0.5], [True]):
        with pytest.raises(TypeError, match=r"indexes: got .*expected integers"):
            buffer.update_priorities(indexes, [1.0])
    with pytest.raises(TypeError, match="priorities"):
        buffer.update_priorities([0], None)
    with pytest.raises(ValueError, match="priorities: got 2"):
        buffer.add(act=1, priorities=[1, 2])
    fresh = PrioritizedReplayBuffer(4, {"act": {}})
    fresh.add(act=1)
    with pytest.raises(IndexError, match="indexes"):
        fresh.update_priorities([1], [1.0])


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
    with pytest.raises(ValueError, match="the buffer is empty"):
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


def test_code_of_its_manual_runs() -> None:
    rb = create_buffer(1e3, ENV_DICTS["usual"])
    assert (
        type(rb) is ReplayBuffer
        and type(create_buffer(5, ENV_DICTS["usual"], prioritized=True, alpha=0.5)) is PrioritizedReplayBuffer
    )
    rb.add(
        obs=np.ones((10, 3)),
        act=np.zeros((10, 1)),
        rew=np.ones(10),
        next_obs=np.ones((10, 3)),
        done=np.zeros(10),
    )
    assert rb.get_stored_size() == 10
    # Names without a next value, stacks among them, and lists.
    stacked = ReplayBuffer(1e3, {"obs": {"shape": (3, 2)}}, stack_compress="obs")
    assert stacked.add(obs=[[1, 2], [1, 2], [1, 2]]) == 0 and stacked.add(obs=[[2, 3], [2, 3], [2, 3]]) == 1
    assert stacked.sample(4)["obs"].shape == (4, 3, 2)
    env = gym.make("Blackjack-v1")
    before_add = cpprb.create_before_add_func(env)
    blackjack = ReplayBuffer(256, cpprb.create_env_dict(env))
    obs, _ = env.reset(seed=0)
    for _ in range(400):
        act = env.action_space.sample()
        next_obs, rew, done, _, _ = env.step(act)
        blackjack.add(**before_add(obs=obs, act=act, next_obs=next_obs, rew=rew, done=done))
        obs = next_obs
        if done:
            obs, _ = env.reset()
            blackjack.on_episode_end()
    assert set(blackjack.sample(8)) == set(cpprb.create_env_dict(env))


@pytest.mark.parametrize("nstep", [None, NSTEP])
def test_its_dqn_loop_learns_cartpole(nstep: Any) -> None:
    network = q_network()
    learner = Learner(network)
    env_dict = {**ENV_DICTS["usual"], "obs": {"shape": (4,)}, "next_obs": {"shape": (4,)}}
    rb = PrioritizedReplayBuffer(2_000, env_dict, Nstep=nstep)

    def learn() -> None:
        sample = rb.sample(BATCH, 0.4)
        error = learner(
            torch.as_tensor(sample["obs"]),
            torch.as_tensor(sample["act"].ravel().astype(np.int64)),
            torch.as_tensor(sample["rew"].ravel()),
            torch.as_tensor(sample["next_obs"]),
            torch.as_tensor(sample["done"].ravel()),
        )
        rb.update_priorities(sample["indexes"], error)

    def remember(state: Any, action: int, reward: float, next_state: Any, done: bool, cut: bool) -> None:
        rb.add(obs=state, act=action, rew=reward, next_obs=next_state, done=done)
        if done or cut:
            rb.on_episode_end()

    assert play(network, remember, learn) > 1.5 * RANDOM_RETURN
