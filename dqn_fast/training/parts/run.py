"""Builds all parts of a run that train, in this process; `dqn_fast.distributed` builds them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple, Protocol

from dqn_fast import ReplayBuffer
from dqn_fast.agent import DQN
from dqn_fast.errors import SettingError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import Metrics, MetricsRow
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.data import build_datasets
from dqn_fast.training.parts.envs import build_environments
from dqn_fast.training.parts.loop import build_loop
from dqn_fast.training.parts.rated import build_rated
from dqn_fast.training.parts.replay import Share, build_buffer
from dqn_fast.training.parts.scripted import store_scripted
from dqn_fast.training.run_folder.checkpoint import Checkpoint, Savable
from dqn_fast.training.run_folder.layout import DEMONSTRATIONS, MEMORY, RATED


class Loop(Protocol):
    """Trains an agent, from wherever it is; `TrainingLoop` does.

    Attributes:
        step: environment steps so far.
        metrics: of the training.
    """

    step: int
    metrics: Metrics

    def run(self) -> None:
        """Train to the end, or until stopped."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what changes, apart from agent and buffers."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`; the agent must be restored before."""
        ...


class Hooks(NamedTuple):
    """What a loop calls; see `TrainingLoop`."""

    on_row: Callable[[MetricsRow], None]
    on_checkpoint: Callable[[], None]
    should_stop: Callable[[], bool]


class RunParts(NamedTuple):
    """What trains.

    Attributes:
        agent: learns.
        loop: trains it.
        buffers: what checkpoints save beside the state, by the name of its file.
    """

    agent: DQN
    loop: Loop
    buffers: Mapping[str, Savable]


class Build(Protocol):
    """Builds the parts of a run; what must be closed is left to the stack."""

    def __call__(
        self, config: TrainConfig, checkpoint: Checkpoint | None, hooks: Hooks, stack: ExitStack
    ) -> RunParts:
        """Return the parts, with the buffers of the checkpoint if there is one."""
        ...


def build_here(
    config: TrainConfig, checkpoint: Checkpoint | None, hooks: Hooks, stack: ExitStack
) -> RunParts:
    """Return the parts of a run in this process.

    Raises:
        UsageError: if they cannot be made, or the buffers of the checkpoint cannot be read.
    """
    if config.actors:
        expected = "0, or dqn_fast.distributed.train_distributed"
        raise SettingError("actors", config.actors, expected)
    environments = build_environments(config)
    stack.callback(environments.close)
    buffers: dict[str, ReplayBuffer] = (
        checkpoint.load_buffers() if checkpoint else build_datasets(config, environments)
    )
    if config.ratings and RATED not in buffers:
        buffers[RATED] = build_rated(config, environments)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    if MEMORY not in buffers:
        buffers[MEMORY] = build_buffer(config, environments, agent.policy)
        store_scripted(config, buffers[MEMORY])
    rows = {DEMONSTRATIONS: config.demonstration_rows, RATED: config.rating_rows}
    beside = [Share(buffers[name], rows[name]) for name in rows if name in buffers]
    loop = build_loop(config, environments, agent, buffers[MEMORY], beside, **hooks._asdict())
    return RunParts(agent, loop, buffers)
