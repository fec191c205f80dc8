"""Builds the training loop of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dqn_fast import ReplayBuffer
from dqn_fast.agent import DQN
from dqn_fast.envs import Environments
from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.learner import Learner
from dqn_fast.training.loop import TrainingLoop
from dqn_fast.training.metrics import Metrics, MetricsRow
from dqn_fast.training.parts.replay import Share, build_batch_source, build_hand_off
from dqn_fast.training.storing import make_store, settled


def build_loop(
    config: TrainConfig,
    environments: Environments,
    agent: DQN,
    buffer: ReplayBuffer,
    beside: Sequence[Share] = (),
    *,
    on_row: Callable[[MetricsRow], None],
    on_checkpoint: Callable[[], None] = lambda: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainingLoop:
    """Return the loop of a run: with one collector, or, from data alone, with none.

    Args:
        config: of the run.
        environments: to act in.
        agent: acts and learns, in place.
        buffer: to learn from; made by `build_buffer` for these environments, to store in, or by `build_data`.
        beside: to learn from, too: data that lies in buffers of its own.
        on_row: see `TrainingLoop`.
        on_checkpoint: see `TrainingLoop`.
        should_stop: see `TrainingLoop`.
    """
    metrics = Metrics(config.return_window)
    source = build_batch_source(config, buffer, beside)
    hand_off = build_hand_off(config, source, agent.device)
    collectors = []
    if config.offline is None:
        store = make_store(buffer, config.num_envs, clip_rewards=config.clip_rewards)
        if hand_off:
            store = settled(store, hand_off.settle)
        collectors.append(Collector(environments, agent.policy, store, metrics))
    return TrainingLoop(
        config,
        collectors,
        Learner(agent, hand_off or source, metrics),
        metrics,
        on_row=on_row,
        on_checkpoint=on_checkpoint,
        should_stop=should_stop,
    )
