"""For Stable-Baselines3: its replay buffers, and a DQN with the prioritised replay that it has not.

>>> from stable_baselines3 import DQN
>>> from dqn_fast.dropin.sb3 import ReplayBuffer
>>> model = DQN("MlpPolicy", "CartPole-v1", replay_buffer_class=ReplayBuffer)

`ReplayBuffer` is for every algorithm that takes a `replay_buffer_class`, such as SAC or sb3-contrib's QRDQN.
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
