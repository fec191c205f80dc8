"""A shard refuses what is of another format or generation; dealing out keeps every transition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from distributed.support import apex
from gymnasium import spaces

from dqn_fast import ReplayBuffer
from dqn_fast.distributed.dealing import deal, envs_of, place_of
from dqn_fast.distributed.messages import FORMAT, Chunk, Drawn, Emptied, Given
from dqn_fast.distributed.shard import Part, ReplayShard, part_buffer

SPACE, ACTIONS = spaces.Box(-np.inf, np.inf, (1,), np.float32), spaces.Discrete(2)


def chunk(first: int, rows: int, priority: float = 1.0, envs: int = 4) -> Chunk:
    """Steps of one walk in each environment, from place `first`; each environment is 1,000 places further."""
    places = np.arange(first, first + rows, dtype=np.float32)[:, None] + 1_000 * np.arange(envs)
    flags = np.zeros((rows, envs), bool)
    obs = places[:, :, None].astype(np.float32)
    return Chunk(
        FORMAT, obs, obs + 1, None, None, flags.astype(int), places, flags, flags, ~flags, flags + priority
    )


def shard(**settings: Any) -> ReplayShard:
    config = apex(1_000, capacity=400, batch_size=16, n_step=1, alpha=1.0, priority_eps=0.0, **settings)
    return ReplayShard(config, Part(0, 4, SPACE, ACTIONS))


def test_a_batch_has_its_generation_and_its_priorities_come_back_to_it() -> None:
    one = shard()
    assert one.add(chunk(0, 5), range(4)) == 20
    drawn = one.draw([], 0.5)
    assert isinstance(drawn, Drawn) and drawn.stale == 0 and len(drawn.reward) == 16
    given = Given(drawn.generation, drawn.indices, np.zeros(16))
    assert one.give([given]) == 0
    assert not set(one.draw([], 0.5).indices) & set(drawn.indices)  # their priorities are 0


def test_priorities_of_a_former_life_hit_nothing_even_where_the_index_exists_again() -> None:
    former, again = shard(), shard()
    former.add(chunk(0, 5), range(4))
    drawn = former.draw([], 0.5)
    again.add(chunk(500, 5), range(4))
    masses = again._buffer.masses(again._buffer.indices())
    late = [Given(drawn.generation, drawn.indices, np.full(16, 9.0))]
    answer = again.draw(late, 0.5)
    assert answer.stale == 16
    np.testing.assert_array_equal(again._buffer.masses(again._buffer.indices()), masses)


def test_a_restored_shard_is_of_another_generation_and_holds_what_it_held() -> None:
    one = shard()
    one.add(chunk(0, 5, 3.0), range(4))
    before = one.draw([], 0.5)
    data, rows = one.dump(), one._buffer.transitions()
    assert one.load(data) == 20
    assert one.draw([], 0.5).generation != before.generation
    assert one._buffer.transitions().obs.tobytes() == rows.obs.tobytes()
    with pytest.raises(ValueError, match=r"not|saved|truncated|bytes"):
        one.load(b"nothing")


def test_an_empty_shard_says_so_and_another_format_is_refused() -> None:
    one = shard()
    assert isinstance(one.draw([], 0.5), Emptied)
    with pytest.raises(ValueError, match=r"chunk: got format 2, expected 1"):
        one.add(chunk(0, 2)._replace(format=2), range(4))


def test_every_actor_has_environments_of_its_own() -> None:
    config = apex(1_000, actors=5, shards=2, num_envs=3)
    taken = [
        (place_of(config, actor)[0], env) for actor in range(5) for env in place_of(config, actor)[1].env
    ]
    assert len(set(taken)) == 15
    for number in range(2):
        assert sorted(env for one, env in taken if one == number) == list(range(envs_of(config, number)))


@pytest.mark.parametrize(("actors", "shards"), [(4, 1), (4, 2), (4, 4), (3, 2), (6, 3)])
def test_dealing_out_keeps_every_transition_with_its_priority(actors: int, shards: int) -> None:
    common = {"num_envs": 2, "capacity": 4_000, "alpha": 0.6, "n_step": 1}
    old, new = apex(1_000, actors=4, shards=2, **common), apex(1_000, actors=actors, shards=shards, **common)
    saved = [part_buffer(old, Part(number, envs_of(old, number), SPACE, ACTIONS)) for number in range(2)]
    rng = np.random.default_rng(0)
    for number, buffer in enumerate(saved):
        rows = chunk(100 * number, 9)
        rows._replace(priority=rng.random((9, 4)) * 5).add_to(buffer, range(4))
    dealt = [part_buffer(new, Part(number, envs_of(new, number), SPACE, ACTIONS)) for number in range(shards)]
    deal(saved, new, dealt)

    def contents(buffers: list[ReplayBuffer]) -> dict[tuple[float, ...], float]:
        found = {}
        for buffer in buffers:
            rows = buffer.transitions(n_step=3)
            for i, mass in enumerate(buffer.masses(rows.indices)):
                found[(rows.obs[i, 0], rows.next_obs[i, 0], rows.reward[i], rows.discount[i])] = mass
        return found

    before, after = contents(saved), contents(dealt)
    assert before.keys() == after.keys() and len(before) == 72
    np.testing.assert_allclose([after[key] for key in before], list(before.values()), rtol=1e-12)
