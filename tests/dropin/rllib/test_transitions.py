"""Rows are what RLlib's buffer gives, and what the episodes mean: returns, bootstraps, fragments."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tree", reason='needs `pip install ".[rllib]"`')

from dropin.rllib.episodes import Whole, assert_row, deliveries, random_episodes
from hypothesis import given
from hypothesis import strategies as st
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils import replay_buffers

from dqn_fast.dropin.rllib import PrioritizedEpisodeReplayBuffer, UseSampledBatch

AT_ONCE = 3


def both(**options: Any) -> tuple[Any, Any]:
    options = {"capacity": 1_000, "alpha": 0.7, "batch_size_B": 1, **options}
    return replay_buffers.PrioritizedEpisodeReplayBuffer(**options), PrioritizedEpisodeReplayBuffer(
        **options, num_envs=64, seed=0
    )


def by_place(episodes: Any) -> dict[tuple[int, int], SingleAgentEpisode]:
    """Return sampled episodes by number and time step of their first observation."""
    return {tuple(episode.get_observations(0).astype(int).tolist()): episode for episode in episodes}


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6), gamma=st.sampled_from([0.0, 0.5, 0.99, 1.0]))
def test_every_step_comes_back_as_it_happened_and_as_rllib_has_it(seed: int, n: int, gamma: float) -> None:
    rng = np.random.default_rng(seed)
    episodes = random_episodes(rng, 5, 12)
    theirs, ours = both()
    for fragments in deliveries(rng, episodes, AT_ONCE):
        theirs.add([fragment for fragment in fragments if len(fragment)])
        ours.add(fragments)
    assert len(ours) == len(theirs) == sum(one.length for one in episodes)
    assert ours.get_num_episodes() == theirs.get_num_episodes() == len(episodes)
    sampled = ours.sample(150, n_step=n, gamma=gamma, beta=0.5)
    for row, (number, t) in enumerate(sampled.columns["obs"].astype(int)):
        whole = episodes[number]
        expected = whole.row(t, n, whole.length, gamma)
        if gamma == 1 or (gamma == 0 and n > 1):  # any power of gamma is the same there
            del expected["n_step"]
        assert_row(sampled.columns, row, expected)
        assert sampled.started[row] == t
    own = by_place(sampled)
    if any(one.length >= n for one in episodes):  # RLlib's would look for one for ever
        for place, episode in by_place(theirs.sample(20, n_step=n, gamma=gamma, beta=0.5)).items():
            if place in own:
                assert_same_episode(own[place], episode)


def assert_same_episode(ours: SingleAgentEpisode, theirs: SingleAgentEpisode) -> None:
    assert isinstance(ours, SingleAgentEpisode)
    for name in ("is_terminated", "is_truncated", "t_started", "t"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_array_equal(ours.get_observations(), theirs.get_observations())
    assert ours.get_actions() == theirs.get_actions()
    np.testing.assert_allclose(ours.get_rewards(), theirs.get_rewards(), rtol=1e-6)
    np.testing.assert_allclose(
        ours.get_extra_model_outputs("weights"), theirs.get_extra_model_outputs("weights")
    )


def test_a_range_of_n_draws_each_of_its_numbers_as_often_and_the_last_too() -> None:
    ours = PrioritizedEpisodeReplayBuffer(1_000, num_envs=1, seed=0)
    ours.add(Whole(0, 500, "", [1.0] * 500).fragment(0, 500, to_numpy=True))
    columns = ours.sample(6_000, n_step=(2, 4), gamma=0.9).columns
    inside = columns["obs"][:, 1] < 490
    numbers, counts = np.unique(columns["n_step"][inside], return_counts=True)
    assert numbers.tolist() == [2, 3, 4]
    assert counts.min() > 1_700
    np.testing.assert_array_equal(columns["new_obs"][:, 1] - columns["obs"][:, 1], columns["n_step"])
    np.testing.assert_allclose(columns["rewards"], (1 - 0.9 ** columns["n_step"]) / 0.1, rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.9, 0.99, 0.9999])
def test_how_many_steps_a_row_spans_is_exact_for_every_number(gamma: float) -> None:
    ours = PrioritizedEpisodeReplayBuffer(1_000, num_envs=1, seed=0)
    ours.add(Whole(0, 200, "truncated", [0.0] * 200).fragment(0, 200, to_numpy=True))
    columns = ours.sample(3_000, n_step=200, gamma=gamma).columns
    np.testing.assert_array_equal(columns["n_step"], 200 - columns["obs"][:, 1])


def test_equal_observations_join_no_two_episodes() -> None:
    ours = PrioritizedEpisodeReplayBuffer(100, num_envs=1, seed=0)
    for name in ("a", "b"):  # both under way, in one environment of the memory
        ours.add(
            SingleAgentEpisode(name, observations=[7, 7], actions=[0], rewards=[1.0], len_lookback_buffer=0)
        )
    assert ours.sample(20, n_step=2, gamma=0.5).columns["rewards"].tolist() == [1.0] * 20
    assert ours.get_num_episodes() == 2


def test_a_gap_in_an_episode_ends_returns_before_it_and_is_said() -> None:
    _, ours = both()
    whole = Whole(0, 9, "terminated", [1.0] * 9)
    ours.add(whole.fragment(0, 3, to_numpy=True))
    with pytest.warns(RuntimeWarning, match="from its step 5 whose earlier steps"):
        ours.add(whole.fragment(5, 9, to_numpy=True))
    columns = ours.sample(200, n_step=9, gamma=0.5).columns
    before = columns["obs"][:, 1] < 3
    np.testing.assert_array_equal(columns["new_obs"][before, 1], 3)
    assert not columns["terminateds"][before].any()
    assert columns["terminateds"][~before].all()


def test_more_episodes_at_once_than_environments_is_said_and_wrong_nowhere() -> None:
    ours = PrioritizedEpisodeReplayBuffer(100, num_envs=1, seed=0)
    episodes = [Whole(number, 8, "truncated", [1.0] * 8) for number in range(2)]
    with pytest.warns(RuntimeWarning, match="expected 1 episodes under way at once at most"):
        for begin in (0, 4):
            ours.add([one.fragment(begin, begin + 4, to_numpy=True) for one in episodes])
    columns = ours.sample(200, n_step=8, gamma=0.5).columns
    for row, (number, t) in enumerate(columns["obs"].astype(int)):
        known = 4 if t < 4 else 8  # as if its fragments were episodes
        assert_row(columns, row, episodes[number].row(t, 8, known, 0.5))


def test_learner_gets_the_same_columns_from_the_batch_and_from_its_episodes() -> None:
    from dqn_fast.dropin.rllib import DQNConfig

    rng = np.random.default_rng(0)
    _, ours = both()
    for fragments in deliveries(rng, random_episodes(rng, 5, 12), AT_ONCE):
        ours.add(fragments)
    sampled = ours.sample(16, n_step=(1, 3), gamma=0.9, beta=0.4)
    plain = pickle.loads(pickle.dumps(list(sampled)))  # as a remote learner gets them
    assert {type(one) for one in plain} == {SingleAgentEpisode}
    results = [learner_batch(DQNConfig(), episodes) for episodes in (sampled, plain)]
    assert list(map(len, sampled)) == [16]  # the connector took it
    assert results[0].keys() == results[1].keys()
    assert {"obs", "new_obs", "actions", "rewards", "terminateds", "truncateds", "weights", "n_step"} <= set(
        results[0]
    )
    for name, column in results[0].items():
        np.testing.assert_allclose(column, results[1][name], err_msg=name)


def learner_batch(config: Any, episodes: Any) -> dict[str, Any]:
    """Return what RLlib's learner pipeline makes of episodes, as its DQN builds it."""
    from ray.rllib.connectors import common, learner

    pipeline = config.build_learner_connector(None, None)
    assert isinstance(pipeline.connectors[0], UseSampledBatch)
    pipeline.insert_after(
        common.AddObservationsFromEpisodesToBatch, learner.AddNextObservationsFromEpisodesToTrainBatch()
    )
    batch: dict[str, Any] = pipeline(rl_module=None, episodes=episodes)
    return batch


def test_dict_observations_come_as_dicts() -> None:
    ours = PrioritizedEpisodeReplayBuffer(100, seed=0)
    observations = [{"place": np.array([t]), "image": np.full((2, 2), t, np.uint8)} for t in range(6)]
    ours.add(
        SingleAgentEpisode(
            observations=observations, actions=[0] * 5, rewards=[1.0] * 5, len_lookback_buffer=0
        )
    )
    sampled = ours.sample(8, n_step=2)
    assert sampled.columns["obs"]["image"].dtype == np.uint8
    row = sampled[3]
    np.testing.assert_array_equal(row.get_observations(0)["image"], sampled.columns["obs"]["image"][3])
    batch = UseSampledBatch()(batch={}, episodes=sampled)
    assert batch["new_obs"][("batch",)][0]["image"].shape == (8, 2, 2)
