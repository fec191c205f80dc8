"""Updates of recurrent Q-networks by other packages, for `compare_updates`; each imports what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

ROWS, LENGTH, UNITS, ACTIONS, STEPS, GAMMA = 32, 80, 128, 4, 30_000, 0.997


class Data:
    """Random steps of episodes of 200 to 800 steps, the same for both."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.obs = rng.uniform(-1, 1, size=(STEPS + 1, 8)).astype(np.float32)
        self.action = rng.integers(ACTIONS, size=STEPS)
        self.reward = rng.normal(size=STEPS).astype(np.float32)
        self.ends = np.isin(np.arange(STEPS), np.cumsum(rng.integers(200, 800, STEPS // 200)))


def pfrl_update(data: Data) -> Callable[[], Any]:
    """Return a function that lets pfrl draw and learn once."""
    import pfrl
    from torch import nn

    q_net = pfrl.nn.RecurrentSequential(
        nn.LSTM(8, UNITS),
        nn.Linear(UNITS, 128),
        nn.ReLU(),
        nn.Linear(128, ACTIONS),
        pfrl.q_functions.DiscreteActionValueHead(),
    )
    buffer = pfrl.replay_buffers.EpisodicReplayBuffer(STEPS)
    for step in range(STEPS):
        ends = bool(data.ends[step])
        buffer.append(
            data.obs[step],
            int(data.action[step]),
            float(data.reward[step]),
            data.obs[step + 1],
            is_state_terminal=ends,
            recurrent_state=None,
            next_recurrent_state=None,
        )
        if ends:
            buffer.stop_current_episode()
    agent = pfrl.agents.DoubleDQN(
        q_net,
        torch.optim.Adam(q_net.parameters(), 1e-4),
        buffer,
        GAMMA,
        pfrl.explorers.Greedy(),
        replay_start_size=ROWS,
        minibatch_size=ROWS,
        recurrent=True,
        episodic_update_len=LENGTH,
        max_grad_norm=40.0,
        target_update_interval=10**9,
        clip_delta=False,
    )
    return lambda: agent.update_from_episodes(buffer.sample_episodes(ROWS, LENGTH))


def rllib_update(data: Data) -> Callable[[], Any]:
    """Return a function that lets RLlib draw and learn once.

    Its encoder cannot do without a layer before the LSTM, so it has a small one. The target network rests.
    """
    from ray.rllib.algorithms.dqn import DQNConfig
    from ray.rllib.env.single_agent_episode import SingleAgentEpisode
    from ray.rllib.utils.replay_buffers.episode_replay_buffer import EpisodeReplayBuffer

    box, actions = spaces.Box(-1, 1, (8,), np.float32), spaces.Discrete(ACTIONS)
    model = {
        "fcnet_hiddens": [8],
        "use_lstm": True,
        "lstm_cell_size": UNITS,
        "max_seq_len": LENGTH,
        "head_fcnet_hiddens": [128],
    }
    config = DQNConfig().environment(observation_space=box, action_space=actions).framework("torch")
    config = config.rl_module(model_config=model).training(
        lr=1e-4,
        gamma=GAMMA,
        double_q=True,
        dueling=False,
        n_step=1,
        td_error_loss_fn="mse",
        grad_clip=40.0,
        target_network_update_freq=10**9,
        train_batch_size_per_learner=ROWS * LENGTH,
    )
    learner = config.build_learner(spaces={"default_policy": (box, actions), "__env__": (box, actions)})
    buffer = EpisodeReplayBuffer(STEPS, batch_size_B=ROWS, batch_length_T=LENGTH)
    state = {part: np.zeros((1, UNITS), np.float32) for part in ("h", "c")}
    begin = 0
    for end in [*(np.flatnonzero(data.ends) + 1).tolist(), STEPS]:
        if begin < end:
            episode = SingleAgentEpisode(
                observations=list(data.obs[begin : end + 1]),
                actions=list(data.action[begin:end]),
                rewards=list(data.reward[begin:end]),
                terminated=bool(data.ends[end - 1]),
                observation_space=box,
                action_space=actions,
                len_lookback_buffer=0,
                extra_model_outputs={"state_out": [state] * (end - begin)},
            )
            buffer.add(episode)
        begin = end

    def update() -> None:
        # By steps: where an episode ends, a shorter sequence counts as what it is.
        episodes = buffer.sample(
            num_items=ROWS * LENGTH,
            batch_length_T=LENGTH,
            n_step=1,
            gamma=GAMMA,
            lookback=1,
            sample_episodes=True,
        )
        learner.update(episodes=episodes, timesteps={"num_env_steps_sampled_lifetime": 1})

    return update


OTHERS = {"pfrl": pfrl_update, "RLlib": rllib_update}
