"""For RLlib's DQN (new API stack): its prioritised buffer of episodes, which stores each step once.

>>> from dqn_fast.dropin.rllib import DQNConfig
>>> config = DQNConfig().environment("CartPole-v1").training(n_step=(2, 5))

is RLlib's own `DQNConfig` with three things set, each of which goes alone, too:
`replay_buffer_config["type"]`, a string that names `PrioritizedEpisodeReplayBuffer`; `UseSampledBatch`, a
learner connector that takes whole batches instead of one episode a row; and `DQN`, whose checkpoints hold the
memory.
"""

from dqn_fast.dropin.rllib.algorithm import DQN, DQNConfig
from dqn_fast.dropin.rllib.connector import UseSampledBatch
from dqn_fast.dropin.rllib.replay import PrioritizedEpisodeReplayBuffer

__all__ = ["DQN", "DQNConfig", "PrioritizedEpisodeReplayBuffer", "UseSampledBatch"]
