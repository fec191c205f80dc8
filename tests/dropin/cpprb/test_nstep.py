"""n-step returns, beside cpprb's manual in plain Python."""

from __future__ import annotations

from typing import Any

import cpprb
import numpy as np
from dropin.cpprb.rows import ENV_DICTS, NSTEP, values_of
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer, ReplayBuffer


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
