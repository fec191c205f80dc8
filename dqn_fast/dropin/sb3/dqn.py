"""Stable-Baselines3's DQN with prioritised replay."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN
from torch.nn import functional as F

from dqn_fast.checks import within
from dqn_fast.dropin.sb3.prioritized_replay import PrioritizedReplayBuffer, PrioritizedSamples


class PrioritizedDQN(DQN):
    """DQN with proportional prioritised replay (Schaul et al., 2016), as SB3 issues 622 and 1242 ask for.

    Transitions are drawn by their last absolute TD error. The Huber loss of each is multiplied by its
    importance weight, the largest of which in a batch is 1. Everything else is SB3's DQN. The paper also
    quarters the learning rate and clips TD errors to [-1, 1]; neither is done here.

    The buffer gets `n_steps` and `gamma` from here, for Dict observations, too. Give its other options, such
    as `frame_stack`, as `replay_buffer_kwargs`.

    Args:
        *args: the arguments of `DQN`.
        alpha: exponent of the priorities; 0 draws uniformly. The paper uses 0.6.
        beta: exponent of the importance weights at first; it grows linearly to 1 over `learn`'s timesteps.
            The paper uses 0.4.
        priority_eps: added to every priority, in units of the TD error.
        **kwargs: the keyword arguments of `DQN`.

    Raises:
        TypeError: if `replay_buffer_class` is no `PrioritizedReplayBuffer`.
        ValueError: if a number is out of its range.
    """

    def __init__(
        self, *args: Any, alpha: float = 0.6, beta: float = 0.4, priority_eps: float = 1e-6, **kwargs: Any
    ) -> None:
        self.alpha, self.beta, self.priority_eps = alpha, within("beta", beta, 0, 1), priority_eps
        super().__init__(*args, **kwargs)

    def _setup_model(self) -> None:
        given, n_steps = self.replay_buffer_kwargs, self.n_steps
        self.replay_buffer_class = self.replay_buffer_class or PrioritizedReplayBuffer
        if not issubclass(self.replay_buffer_class, PrioritizedReplayBuffer):
            raise TypeError(
                f"replay_buffer_class: got {self.replay_buffer_class}, expected a PrioritizedReplayBuffer"
            )
        self.replay_buffer_kwargs = dict(
            n_steps=n_steps, gamma=self.gamma, alpha=self.alpha, priority_eps=self.priority_eps, **given
        )
        self.n_steps = 1  # otherwise SB3 warns that n_steps reaches no other class than its own
        super()._setup_model()
        self.replay_buffer_kwargs, self.n_steps = given, n_steps

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Update the Q-network `gradient_steps` times, and the priorities of the transitions it learned from.

        Raises:
            TypeError: if a replay buffer without priorities was loaded.
        """
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        beta = 1 - (1 - self.beta) * self._current_progress_remaining
        losses = [self._update(batch_size, beta) for _ in range(gradient_steps)]
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", np.mean(losses))
        self.logger.record("train/beta", beta)

    def _update(self, batch_size: int, beta: float) -> float:
        buffer = self.replay_buffer
        if not isinstance(buffer, PrioritizedReplayBuffer):
            raise TypeError(f"replay_buffer: got {buffer!r}, expected a PrioritizedReplayBuffer")
        samples = buffer.sample(batch_size, self._vec_normalize_env, beta)
        target = self._target(samples)
        q = self.q_net(samples.observations).gather(1, samples.actions.long())
        loss = (samples.weights * F.smooth_l1_loss(q, target, reduction="none")).mean()
        self.policy.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
        self.policy.optimizer.step()
        td_error = (target - q.detach()).flatten()
        buffer.update_priorities(samples.indices, td_error.abs().cpu().numpy())
        return loss.item()

    @torch.no_grad()
    def _target(self, samples: PrioritizedSamples) -> torch.Tensor:
        """Return the target, (B, 1): the rewards and, unless the transition terminates, the discounted value.

        The value after a termination is not multiplied by 0 but left out, because 0 · NaN would be NaN.
        """
        discounts = self.gamma if samples.discounts is None else samples.discounts
        value: torch.Tensor = self.q_net_target(samples.next_observations).max(dim=1, keepdim=True).values
        return torch.where(samples.dones.bool(), samples.rewards, samples.rewards + discounts * value)
