"""Stable-Baselines3's DQN, silent."""

from __future__ import annotations

import torch
from stable_baselines3 import DQN

from trainers.settings import ADAM_EPS, ENV_ID, EPSILON_BEGIN, GAMMA, Measured, Settings, Stopwatch


def main() -> None:
    settings = Settings.from_command_line()
    if not settings.huber or settings.num_envs != 1:
        raise ValueError(f"settings: got {settings}, expected the Huber loss and one environment")
    torch.set_num_threads(1)
    model = DQN(
        "MlpPolicy",
        ENV_ID,
        learning_rate=settings.learning_rate,
        buffer_size=settings.capacity,
        # SB3 learns at the end of the first round with more steps than this.
        learning_starts=settings.learning_starts,
        batch_size=settings.batch_size,
        gamma=GAMMA,
        train_freq=settings.learn_period,
        gradient_steps=settings.learn_updates,
        # The zoo's period: several copies per round of steps, of which only the last matters.
        target_update_interval=10,
        exploration_fraction=settings.epsilon_decay,
        exploration_initial_eps=EPSILON_BEGIN,
        exploration_final_eps=settings.epsilon_end,
        max_grad_norm=settings.max_grad_norm,
        policy_kwargs={"net_arch": list(settings.hidden_sizes), "optimizer_kwargs": {"eps": ADAM_EPS}},
        seed=0,
        device="cpu",
        verbose=0,
    )
    watch = Stopwatch()
    model.learn(settings.steps)
    Measured(model.num_timesteps, model._n_updates, *watch.read()).report()


if __name__ == "__main__":
    main()
