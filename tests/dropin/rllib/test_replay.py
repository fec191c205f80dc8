"""Priorities, eviction, counts, states and refusals of the buffer for RLlib's DQN."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tree", reason='needs `pip install ".[rllib]"`')

from dropin.rllib.episodes import Whole, deliveries, random_episodes
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
from ray.rllib.utils import replay_buffers
from ray.rllib.utils.replay_buffers.utils import update_priorities_in_episode_replay_buffer

from dqn_fast.dropin.rllib import PrioritizedEpisodeReplayBuffer


def filled(
    count: int = 12, longest: int = 12, seed: int = 0, **options: Any
) -> PrioritizedEpisodeReplayBuffer:
    rng = np.random.default_rng(seed)
    ours = PrioritizedEpisodeReplayBuffer(**{"capacity": 1_000, "num_envs": 16, "seed": 0, **options})
    for fragments in deliveries(rng, random_episodes(rng, count, longest), 3):
        ours.add(fragments)
    return ours


def error_of(obs: Any) -> Any:
    """Return the TD error of a transition, which every time is that of its observation."""
    return (obs[..., 0] * 7 + obs[..., 1]) % 5 * 0.4


def updated(buffer: Any) -> Any:
    """Draw and update through RLlib's own function, until every step is likely to have been drawn."""
    for _ in range(6):
        episodes = buffer.sample(64, n_step=1, beta=0.4)
        errors = error_of(np.stack([episode.get_observations(0) for episode in episodes]))
        results = {"default_policy": {"td_error": errors}, "__all_modules__": {}}
        update_priorities_in_episode_replay_buffer(replay_buffer=buffer, td_errors=results)
    return buffer


def test_weights_and_the_priority_of_new_steps_are_rllibs() -> None:
    rng = np.random.default_rng(1)
    episodes = random_episodes(rng, 5, 8)
    theirs = replay_buffers.PrioritizedEpisodeReplayBuffer(1_000, alpha=0.7)
    theirs.rng = np.random.default_rng(0)
    ours = PrioritizedEpisodeReplayBuffer(1_000, alpha=0.7, num_envs=16, seed=0)
    found = {}
    for buffer in (theirs, ours):
        for one in episodes:
            buffer.add(one.fragment(0, one.length, to_numpy=True))
        for late in (Whole(9, 6, "truncated", [0.0] * 6), Whole(10, 6, "", [0.0] * 6)):
            updated(buffer).add(late.fragment(0, 6, to_numpy=True))
        buffer.add(Whole(11, 1, "terminated", [0.0]).fragment(0, 1, to_numpy=True), weight=0.3)
        rows = buffer.sample(600, n_step=1, beta=0.6)
        found[buffer] = {
            tuple(row.get_observations(0)): float(row.get_extra_model_outputs("weights", 0)) for row in rows
        }
    places = found[theirs].keys() & found[ours].keys()
    assert len(places) > 15
    assert len({found[ours][place] for place in places}) >= 5  # zero errors, others, the largest, and 0.3
    for place in places:
        assert found[ours][place] == pytest.approx(found[theirs][place], rel=1e-5), place


def test_steps_are_drawn_in_proportion_to_their_mass() -> None:
    ours = PrioritizedEpisodeReplayBuffer(100, alpha=0.5, seed=0)
    for number, priority in enumerate([1.0, 4.0, 16.0]):
        ours.add(Whole(number, 1, "terminated", [0.0]).fragment(0, 1, to_numpy=True), weight=priority)
    columns = ours.sample(7_000, beta=1.0).columns
    counts = np.bincount(columns["obs"][:, 0].astype(int))
    np.testing.assert_allclose(counts, [1_000, 2_000, 4_000], rtol=0.1)
    np.testing.assert_allclose(columns["weights"], 0.5 ** columns["obs"][:, 0])


def test_the_newest_steps_stay_and_all_counts_say_so() -> None:
    ours = PrioritizedEpisodeReplayBuffer(40, num_envs=2, seed=0)
    for number in range(20):
        ours.add(Whole(number, 6, "terminated", [0.0] * 6).fragment(0, 6, to_numpy=True))
    columns = ours.sample(2_000).columns
    kept = {(int(number), int(t)) for number, t in columns["obs"]}
    assert len(ours) == ours.get_num_timesteps() == len(kept) == 40
    # 20 of each of two environments: three episodes, and two steps of a fourth.
    assert kept == {(n, t) for n in range(14, 20) for t in range(6)} | {
        (n, t) for n in (12, 13) for t in (4, 5)
    }
    assert (ours.get_num_episodes(), ours.get_num_episodes_evicted()) == (8, 12)
    assert (ours.get_added_timesteps(), ours.get_sampled_timesteps()) == (120, 2_000)
    metrics = ours.get_metrics()
    expected = {
        "num_env_steps_added_lifetime": 120,
        "num_env_steps_evicted_lifetime": 80,
        "num_episodes_added_lifetime": 20,
        "num_episodes_evicted_lifetime": 12,
        "num_env_steps_sampled_lifetime": 2_000,
        "num_env_steps_per_sample_lifetime": 40,
    }
    assert {name: metrics[name].peek() for name in expected} == expected


def test_metrics_have_rllibs_names() -> None:
    theirs = replay_buffers.PrioritizedEpisodeReplayBuffer(100)
    ours = PrioritizedEpisodeReplayBuffer(100)
    for buffer in (theirs, ours):
        buffer.add(Whole(0, 6, "terminated", [0.0] * 6).fragment(0, 6, to_numpy=True))
        buffer.sample(8, n_step=(1, 3), beta=0.4)
    assert ours.get_metrics().keys() == theirs.get_metrics().keys()


def test_environments_are_as_many_as_the_first_episodes_under_way() -> None:
    ours = PrioritizedEpisodeReplayBuffer(100)
    ended = Whole(9, 2, "terminated", [0.0] * 2).fragment(0, 2, to_numpy=True)
    ours.add([])
    ours.add([ended, *(Whole(n, 9, "", [0.0] * 9).fragment(0, 3, to_numpy=True) for n in range(4))])
    assert ours._memory.num_envs == 4
    for episode in (ended, Whole(8, 2, "terminated", [0.0] * 2).fragment(0, 2, to_numpy=True)):
        whole = PrioritizedEpisodeReplayBuffer(100)
        whole.add(episode)
        assert whole._memory.num_envs == 1


def test_a_restored_buffer_goes_on_as_the_unbroken_one() -> None:
    rng = np.random.default_rng(3)
    lists = deliveries(rng, random_episodes(rng, 12, 12), 3)
    ours = PrioritizedEpisodeReplayBuffer(24, num_envs=4, seed=0, stratified=True)
    for fragments in lists[: len(lists) // 2]:
        ours.add(fragments)
    ours.sample(8, n_step=(1, 3))
    state = pickle.loads(pickle.dumps(ours.get_state()))
    other = PrioritizedEpisodeReplayBuffer(24, stratified=True)
    other.set_state(state)
    for buffer in (ours, other):
        buffer.update_priorities(np.arange(8.0))  # of the batch before
        for fragments in lists[len(lists) // 2 :]:
            buffer.add(fragments)
    for _ in range(3):
        one, two = (buffer.sample(16, n_step=(1, 3), beta=0.5) for buffer in (ours, other))
        for name, column in one.columns.items():
            np.testing.assert_array_equal(column, two.columns[name], err_msg=name)
        for buffer in (ours, other):
            buffer.update_priorities(one.columns["rewards"] ** 2)
    assert ours.get_num_episodes() == other.get_num_episodes()
    assert ours.get_num_episodes_evicted() == other.get_num_episodes_evicted() > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"batch_length_T": 20},
            "batch_length_T: got 20, expected 1: modules with a state are not supported",
        ),
        ({"lookback": 1}, "lookback: got 1, expected 0: modules with a state are not supported"),
        ({"include_infos": True}, "include_infos: got True, expected False: they are not stored"),
        ({"include_extra_model_outputs": True}, "include_extra_model_outputs: got True, expected False"),
        ({"batch_size_B": 3}, "batch_size_B: got 3 beside num_items, expected one of the two"),
        ({"n_step": (3, 2)}, "n_step: got 2, expected at least 3"),
        ({"n_step": 0}, "n_step: got 0, expected at least 1"),
        ({"gamma": 2.0}, "gamma: got 2, expected a finite number between 0 and 1"),
    ],
)
def test_what_is_not_supported_is_refused(options: dict[str, Any], message: str) -> None:
    ours = filled()
    with pytest.raises(ValueError, match=f"^{message.replace('(', '.')}"):
        ours.sample(8, **options)


def test_sequences_are_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match=r"^batch_length_T: got 64, expected 1"):
        PrioritizedEpisodeReplayBuffer(100, batch_length_T=64)


def test_episodes_of_several_agents_are_refused() -> None:
    ours = filled()
    before = len(ours)
    with pytest.raises(
        TypeError, match=r"^episodes: got a MultiAgentEpisode, expected each a SingleAgentEpi"
    ):
        ours.add([MultiAgentEpisode()])
    assert len(ours) == before


def test_a_refused_fragment_changes_nothing() -> None:
    ours = filled()
    state = ours.get_state()
    fragment = Whole(99, 3, "", [0.0] * 3).fragment(0, 3, to_numpy=True)
    with pytest.raises(ValueError, match=r"^priority: got nan"):
        ours.add(fragment, weight=float("nan"))
    assert ours.get_state() == state


def test_priorities_are_for_the_last_batch_once() -> None:
    ours = filled()
    ours.sample(8)
    for wrong, error in (
        (np.ones(7), "priorities: got 7, expected 8"),
        (np.full(8, np.nan), "priorities: got n"),
    ):
        with pytest.raises(ValueError, match=f"^{error}"):
            ours.update_priorities(wrong)
    ours.update_priorities(np.ones(8))
    with pytest.raises(ValueError, match=r"^priorities: got 8, expected 0, of the last sample"):
        ours.update_priorities(np.ones(8))


def test_a_state_of_another_buffer_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^state: got one of .*'capacity': 1000.*, expected .*'capacity': 99"
    ):
        PrioritizedEpisodeReplayBuffer(99).set_state(filled().get_state())
