"""RLlib's DQN with our memory, which its checkpoints hold."""

from __future__ import annotations

from typing import Any

from ray.rllib.algorithms import dqn

from dqn_fast.dropin.rllib.connector import UseSampledBatch

MEMORY = "replay_buffer"  # in an algorithm's state


class DQN(dqn.DQN):  # type: ignore[misc]  # RLlib is untyped
    """RLlib's `DQN` whose state, and so each checkpoint, holds the replay buffer; RLlib's own does not."""

    @classmethod
    def get_default_config(cls) -> DQNConfig:
        """Return a config whose `build_algo` makes this class."""
        return DQNConfig(cls)

    def get_state(self, components: Any = None, *, not_components: Any = None, **options: Any) -> Any:
        """Return RLlib's state, and that of the buffer as the component `"replay_buffer"`."""
        state = super().get_state(components, not_components=not_components, **options)
        if self._check_component(MEMORY, components, not_components):
            state[MEMORY] = self.local_replay_buffer.get_state()
        return state

    def set_state(self, state: Any) -> None:
        """Set what `get_state` returned.

        Raises:
            ValueError: if the buffer was made with other arguments.
        """
        super().set_state(state)
        if MEMORY in state:
            self.local_replay_buffer.set_state(state[MEMORY])


class DQNConfig(dqn.DQNConfig):  # type: ignore[misc]
    """RLlib's `DQNConfig`, with the buffer, the connector and the algorithm of this package.

    Args:
        algo_class: what `build_algo` makes.
    """

    def __init__(self, algo_class: type[dqn.DQN] | None = None) -> None:
        super().__init__(algo_class or DQN)
        kind = "dqn_fast.dropin.rllib.PrioritizedEpisodeReplayBuffer"
        self.training(replay_buffer_config={**self.replay_buffer_config, "type": kind})
        self.learners(learner_connector=_connector)


def _connector(observation_space: Any, action_space: Any) -> UseSampledBatch:
    return UseSampledBatch()
