"""Stable-Baselines3's replay buffers, and a DQN with the prioritised replay that it lacks.

>>> from stable_baselines3 import DQN
>>> from dqn_fast.dropin.sb3 import PrioritizedDQN, ReplayBuffer
>>> model = DQN("MlpPolicy", "CartPole-v1", replay_buffer_class=ReplayBuffer).learn(200)
>>> options = {"n_steps": 3, "gamma": 0.99}  # and {"frame_stack": 4} with VecFrameStack
>>> model = DQN("MlpPolicy", "CartPole-v1", replay_buffer_class=ReplayBuffer, replay_buffer_kwargs=options)
>>> model = PrioritizedDQN("MlpPolicy", "CartPole-v1", n_steps=3, learning_rate=2.5e-5).learn(200)

`ReplayBuffer` suits every algorithm that takes a `replay_buffer_class`, such as SAC or sb3-contrib's QRDQN.
"""

from dqn_fast.dropin.sb3.dqn import PrioritizedDQN
from dqn_fast.dropin.sb3.prioritized_replay import PrioritizedReplayBuffer, PrioritizedSamples
from dqn_fast.dropin.sb3.replay import DictReplayBuffer, ReplayBuffer

__all__ = [
    "DictReplayBuffer",
    "PrioritizedDQN",
    "PrioritizedReplayBuffer",
    "PrioritizedSamples",
    "ReplayBuffer",
]
