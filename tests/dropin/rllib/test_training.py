"""RLlib's DQN trains with our buffer, saves and restores it, and refuses what it does not support."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tree", reason='needs `pip install ".[rllib]"`')

import ray
from dropin.rllib.beside import CheckedEpisodeReplayBuffer
from loopback import require_loopback_alone
from ray.rllib.algorithms import dqn
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.examples.envs.classes.multi_agent import MultiAgentCartPole

from dqn_fast.dropin.rllib import DQN, DQNConfig

pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("default"),  # RLlib's own are many
    pytest.mark.filterwarnings("error:episodes. got one from its step"),
]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    require_loopback_alone()
    ray.init(num_cpus=2, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def small(config: Any, **training: Any) -> Any:
    """Return a config of 2 environments, 100 steps an iteration, and updates from the second one on."""
    return (
        config.environment("CartPole-v1")
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2)
        .training(**{"n_step": (1, 3), "num_steps_sampled_before_learning_starts": 100, **training})
        .reporting(min_sample_timesteps_per_iteration=100)
        .debugging(seed=0)
    )


@pytest.fixture
def algorithms() -> Iterator[list[Any]]:
    made: list[Any] = []
    yield made
    for algorithm in made:
        algorithm.stop()


def learner_figures(result: Any) -> Any:
    return result["learners"]["default_policy"]


@pytest.mark.parametrize("whole", [True, False], ids=["whole batches", "episodes"])
def test_every_row_that_a_training_draws_is_of_rllibs_own_episodes(algorithms: Any, whole: bool) -> None:
    kind = "dropin.rllib.beside.CheckedEpisodeReplayBuffer"
    buffer = {"type": kind, "capacity": 10_000, "alpha": 0.6, "beta": 0.4}
    config = small(DQNConfig() if whole else dqn.DQNConfig(), replay_buffer_config=buffer)
    algorithm = config.build_algo()
    algorithms.append(algorithm)
    before = CheckedEpisodeReplayBuffer.compared, CheckedEpisodeReplayBuffer.updated
    for _ in range(3):
        result = algorithm.train()
    compared = CheckedEpisodeReplayBuffer.compared - before[0]
    updates = CheckedEpisodeReplayBuffer.updated - before[1]
    assert updates > 10
    assert compared == 32 * updates
    assert np.isfinite(learner_figures(result)["qf_loss"])
    assert result["learners"]["__all_modules__"]["num_env_steps_trained"] % 32 == 0
    assert 1 < result["replay_buffer"]["actual_n_step"] < 3


def test_a_checkpoint_holds_the_memory(algorithms: Any, tmp_path: Path) -> None:
    algorithm = small(DQNConfig()).build_algo()
    algorithms.append(algorithm)
    assert type(algorithm) is DQN
    for _ in range(2):
        algorithm.train()
    path = algorithm.save_to_path(tmp_path / "whole")
    restored = DQN.from_checkpoint(path)
    algorithms.append(restored)
    buffers = [one.local_replay_buffer for one in (algorithm, restored)]
    assert len(buffers[0]) == len(buffers[1]) > 150
    batches = [buffer.sample(32, n_step=3, gamma=0.99, beta=0.4).columns for buffer in buffers]
    for name, column in batches[0].items():
        np.testing.assert_array_equal(column, batches[1][name], err_msg=name)
    restored.train()
    assert len(buffers[1]) > len(buffers[0])
    assert "replay_buffer" not in algorithm.get_state(components=["learner_group"])


def test_a_learner_in_another_process_gets_episodes(algorithms: Any) -> None:
    algorithm = small(DQNConfig()).learners(num_learners=1, num_cpus_per_learner=1).build_algo()
    algorithms.append(algorithm)
    for _ in range(2):
        result = algorithm.train()
    assert np.isfinite(learner_figures(result)["qf_loss"])
    assert (
        algorithm.local_replay_buffer._memory.masses(algorithm.local_replay_buffer._memory.indices()) != 1
    ).any()


def test_a_module_with_a_state_is_refused(algorithms: Any) -> None:
    remembers = DefaultModelConfig(use_lstm=True, max_seq_len=20)
    config = small(DQNConfig(), n_step=1).env_runners(num_envs_per_env_runner=1)
    algorithm = config.rl_module(model_config=remembers).build_algo()
    algorithms.append(algorithm)
    with pytest.raises(ValueError, match=r"^batch_length_T: got 20, expected 1: modules with a state"):
        for _ in range(2):
            algorithm.train()


def test_several_agents_are_refused(algorithms: Any) -> None:
    config = small(DQNConfig()).environment(MultiAgentCartPole, env_config={"num_agents": 2})
    config = config.env_runners(num_envs_per_env_runner=1).multi_agent(
        policies={"one", "two"}, policy_mapping_fn=lambda agent, *_: ("one", "two")[agent]
    )
    algorithm = config.build_algo()
    algorithms.append(algorithm)
    with pytest.raises(
        TypeError, match=r"^episodes: got a MultiAgentEpisode, expected each a SingleAgentEpisode"
    ):
        algorithm.train()
