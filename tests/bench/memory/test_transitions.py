"""The transitions that all contenders get, beside a loop that makes the same."""

from __future__ import annotations

import numpy as np
import pytest
from transitions import FRAMES, n_step, record


@pytest.mark.parametrize("shape", [(4,), (4, 6, 5)])
@pytest.mark.parametrize("environments", [1, 3])
def test_every_observation_is_followed_by_the_next_of_its_episode(
    shape: tuple[int, ...], environments: int
) -> None:
    found = record(900, shape, environments, seed=1).by_environment()
    obs, next_obs = found.obs[:], found.next_obs[:]
    done = found.terminated | found.truncated
    assert len(np.unique(obs.reshape(len(obs), -1), axis=0)) == len(obs) == 900
    np.testing.assert_array_equal(next_obs[:-1][~done[:-1]], obs[1:][~done[:-1]])
    assert not (next_obs[:-1][done[:-1]] == obs[1:][done[:-1]]).reshape(done[:-1].sum(), -1).all(axis=1).any()
    assert found.truncated.any() and found.terminated.any() and not (found.terminated & found.truncated).any()


def test_a_stack_begins_as_its_first_frame_repeated_and_moves_by_one() -> None:
    found = record(900, (FRAMES, 6, 5), 1, seed=1)
    obs, next_obs = found.obs[:], found.next_obs[:]
    starts = np.append(True, (found.terminated | found.truncated)[:-1])
    assert (obs[starts] == obs[starts][:, :1]).all()
    np.testing.assert_array_equal(next_obs[:, :-1], obs[:, 1:])


@pytest.mark.parametrize("environments", [1, 3])
def test_n_step_transitions_are_those_of_a_loop(environments: int) -> None:
    n, gamma = 3, 0.9
    recorded = record(900, (4,), environments, seed=2)
    start, found = recorded.by_environment(), n_step(recorded, n, gamma).by_environment()
    done = start.terminated | start.truncated
    for t in range(len(start)):
        last = t
        while last - t < n - 1 and not done[last]:
            last += 1
        k = last - t + 1
        assert found.reward[t] == pytest.approx(sum(gamma**i * start.reward[t + i] for i in range(k)))
        np.testing.assert_array_equal(found.next_obs[t], start.next_obs[last])
        assert found.terminated[t] == start.terminated[last] and found.truncated[t] == start.truncated[last]
        assert found.discount is not None
        assert found.discount[t] == pytest.approx(0 if start.terminated[last] else gamma**k)


def test_chunks_are_all_rows_in_order() -> None:
    found = record(1300, (4, 84, 84), 1, seed=3)
    parts = list(found.chunks())
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate([rows.reward for _, rows in parts]), found.reward)
    assert [part.stop for part, _ in parts[:-1]] == [part.start for part, _ in parts[1:]]
