"""Stable-Baselines3's DQN, silent."""

from __future__ import annotations

import torch
from stable_baselines3 import DQN

from trainings.job import ADAM_EPS, ENV_ID, EPSILON_BEGIN, GAMMA, Job, Measured, Stopwatch


def main() -> None:
    job = Job.asked()
    if not job.huber or job.num_envs != 1:
        raise ValueError(f"the job is {job}, expected Huber's loss and one environment")
    torch.set_num_threads(1)
    model = DQN(
        "MlpPolicy",
        ENV_ID,
        learning_rate=job.learning_rate,
        buffer_size=job.capacity,
        # It learns when more steps than these are made, in the middle of no round.
        learning_starts=job.learning_starts,
        batch_size=job.batch_size,
        gamma=GAMMA,
        train_freq=job.learn_period,
        gradient_steps=job.learn_updates,
        # The zoo's: several copies in each round of steps, of which only the last one matters.
        target_update_interval=10,
        exploration_fraction=job.epsilon_decay,
        exploration_initial_eps=EPSILON_BEGIN,
        exploration_final_eps=job.epsilon_end,
        max_grad_norm=job.max_grad_norm,
        policy_kwargs={"net_arch": list(job.hidden_sizes), "optimizer_kwargs": {"eps": ADAM_EPS}},
        seed=0,
        device="cpu",
        verbose=0,
    )
    watch = Stopwatch()
    model.learn(job.steps)
    Measured(model.num_timesteps, model._n_updates, *watch.read()).say()


if __name__ == "__main__":
    main()
