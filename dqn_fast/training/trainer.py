"""The trainer: all parts of a run, which train, are saved and are restored as one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dqn_fast.agent import QNetwork
from dqn_fast.envs.random_states import restore_random_states, seed_process
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.selection import BestModel
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.observers import Observer, StopTraining
from dqn_fast.training.parts.beginning import Beginning, doubts_about
from dqn_fast.training.parts.device import placement_of
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.parts.run import Build, Hooks, build_here
from dqn_fast.training.reports import CsvReport, ProgressReport, TensorBoardReport
from dqn_fast.training.run_folder.checkpoint import Checkpoint, save_checkpoint
from dqn_fast.training.run_folder.files import writing
from dqn_fast.training.run_folder.layout import MEMORY, METRICS
from dqn_fast.training.run_folder.model import weights_to_begin_with


class Trainer:
    """Trains an agent, from the beginning or from a checkpoint, with reports and checkpoints in a folder.

    Args:
        config: of the run.
        folder: of the run.
        checkpoint: to resume from; None starts a new training.
        should_stop: asked before every round of the loop; True ends the training there.
        stack: will close the environments.
        build: builds what trains.

    Raises:
        UsageError: if the environments cannot be made, no network takes their observations, the settings,
            the data or the weights to begin with do not fit them, or the checkpoint's buffers cannot be read.
            Nothing is written before `train`.

    Attributes:
        agent: acts and learns.
        placement: where the agent's network is.
        loop: the training loop.
        best: the best weights so far; None without a selection.
        last_net: a copy of the Q-network with the last weights, once the training has ended and these are not
            the best; else None.
        rows: of metrics.
        seconds: duration of the training, once it has ended.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        checkpoint: Checkpoint | None,
        should_stop: Callable[[], bool],
        stack: ExitStack,
        build: Build = build_here,
    ) -> None:
        hooks = Hooks(on_row=self._on_row, on_checkpoint=self._save, should_stop=should_stop)
        self.agent, self.loop, self._buffers = build(config, checkpoint, hooks, stack)
        self.placement = placement_of(config, self.agent.q_net)
        self.best = _best_model(config, self.agent.q_net, should_stop, stack)
        self.last_net: QNetwork | None = None
        self.rows: list[MetricsRow] = checkpoint.state["rows"] if checkpoint else []
        self.seconds = 0.0
        self._config, self._folder, self._checkpoint = config, folder, checkpoint
        if config.from_folder and checkpoint is None:
            self.begin_with(Path(config.from_folder))
        self._ended = False  # by an observer
        self._reports: list[Callable[[MetricsRow], object]] = []
        self._observers: Sequence[Observer] = ()

    @property
    def beginning(self) -> Beginning:
        """What the run says before its first step."""
        return Beginning(self.placement, doubts_about(self.agent.q_net))

    def begin_with(self, other: Path) -> None:
        """Take the weights of the model in another run's folder.

        Raises:
            UsageError: if there is none, or it does not fit.
        """
        self.agent.begin_with(weights_to_begin_with(other, self._config, self.agent.q_net))

    def train(self, observers: Sequence[Observer]) -> None:
        """Train to the end, or until stopped; then give the agent its best weights.

        Args:
            observers: called in turn with every row of metrics and the agent.

        Raises:
            NotFiniteError: if a reward, a loss or a gradient is not finite. The agent has the weights before
                that update. The last checkpoint is kept, and no other is made.
        """
        self._observers = observers
        with ExitStack() as reports:
            self._progress = reports.enter_context(ProgressReport(self._config))
            for row in self.rows[-1:]:
                self._progress(row)
            if self._checkpoint:
                self._restore(self._checkpoint)
            else:
                seed_process(self._config.seed)
            self._reports = [
                self.rows.append,
                reports.enter_context(CsvReport(self._folder / METRICS, self.rows, self._config.unit)),
                reports.enter_context(TensorBoardReport(self._folder, self.rows, self._config.unit)),
            ]
            try:
                if not self._ended:
                    self._ended = self._run_loop()
            finally:
                self.seconds = self.loop.metrics.seconds
        # Before the evaluation, which may be stopped, or fail.
        self._save()
        if self.best and self.best.best:
            if self.best.best[0] != self.loop.step:
                self.last_net = copy.deepcopy(self.agent.q_net)
            self.best.restore()

    def save_memory(self) -> None:
        """Write the replay buffer to the run's folder.

        Raises:
            WriteError: if it cannot be written.
        """
        path = self._folder / MEMORY
        with writing(path):
            self._buffers[MEMORY].save(path)

    def _run_loop(self) -> bool:
        """Return whether an observer has ended the training before its end."""
        try:
            self.loop.run()
        except StopTraining:
            return True
        return False

    def _on_row(self, row: MetricsRow) -> None:
        self._progress(row)
        if self.best:
            row = self.best(row)
        for report in self._reports:
            report(row)
        for observer in self._observers:
            observer(row, self.agent)

    def _parts(self) -> dict[str, Any]:
        """Return the parts with a state, apart from the buffers, in the order in which they are restored."""
        return {"agent": self.agent, **({"best": self.best} if self.best else {}), "loop": self.loop}

    def _save(self) -> None:
        states = {name: part.state_dict() for name, part in self._parts().items()}
        save_checkpoint(
            self._folder,
            self._config,
            self.loop.step,
            self._buffers,
            {
                **states,
                "rows": self.rows,
                "ended": self._ended,
                "device": str(self.placement.device),
            },
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(checkpoint.state[name])
        self._ended = checkpoint.state["ended"] and self._config.total_steps == checkpoint.total_steps
        # Last, since the replay of an episode may draw from them.
        restore_random_states(checkpoint.state["random"])
        if self.best and self.rows:
            self.rows[-1] = self.best.retry_interrupted(self.rows[-1])


def _best_model(
    config: TrainConfig, q_net: QNetwork, should_stop: Callable[[], bool], stack: ExitStack
) -> BestModel | None:
    if config.selection_period == 0:
        return None
    env = build_env(config)
    stack.callback(env.close)
    return BestModel(
        q_net,
        env,
        period=config.selection_period,
        episodes=config.selection_episodes,
        seed=config.seeds.selection,
        should_stop=should_stop,
    )
