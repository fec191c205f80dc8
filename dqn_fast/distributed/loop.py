"""The loop of a run on several processes: it gives work to actors, learns, and keeps both in step."""

from __future__ import annotations

from typing import Any

from dqn_fast.agent import DQN
from dqn_fast.distributed.crew import Crew
from dqn_fast.distributed.messages import Weights
from dqn_fast.distributed.pace import Pace
from dqn_fast.distributed.shards import Shards
from dqn_fast.distributed.transport import Transport
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.learner import Learner
from dqn_fast.training.metrics import Metrics, MetricsRow
from dqn_fast.training.parts.run import Hooks

_AT_ONCE = 16  # learner updates before actors are looked after again
_PATIENCE = 0.2  # seconds in which nothing happens until Ctrl-C is looked for


class DistributedLoop:
    """Trains an agent from the steps of actors, from wherever it is.

    A step is one that a shard has stored. Steps, updates, periods and schedules are those of `TrainingLoop`:
    the learner makes the updates that are due at a step, and actors wait where they would be too far ahead.
    What differs is by which weights: those of up to `publish_period` updates and `rate_tolerance` steps ago.

    Args:
        config: of the run.
        transport: of all calls.
        crew: the actors.
        shards: of the replay memory.
        learner: makes the updates.
        metrics: filled by the learner, and here.
        hooks: called by this loop.

    Attributes:
        step: environment steps so far.
        metrics: of the training.
        crew: the actors.
        shards: of the replay memory.
        lag: mean updates between the weights that a step was acted by and those of the learner; of all steps.
    """

    def __init__(
        self,
        config: TrainConfig,
        transport: Transport,
        crew: Crew,
        shards: Shards,
        learner: Learner,
        metrics: Metrics,
        hooks: Hooks,
    ) -> None:
        self.step = 0
        self.metrics = metrics
        self.crew = crew
        self.shards = shards
        self.lag = 0.0
        self._config = config
        self._transport = transport
        self._learner = learner
        self._hooks = hooks
        self._pace = Pace.of(config)
        self._published: tuple[int, Any] | None = None  # updates, and what stands for the weights

    @property
    def _agent(self) -> DQN:
        return self._learner.agent

    def run(self) -> None:
        """Train for `total_steps`, or until stopped.

        Raises:
            UsageError: if an actor dies again and again.
            Exception: what an actor's environment or a shard raised.
        """
        if self.step == 0:
            self.metrics.begin()
        while self.step < self._config.total_steps or self._due():
            if self._hooks.should_stop():
                self._hooks.on_checkpoint()
                break
            before = self.step
            self._give_work()
            self._go_on(wait=not self._learn())
            self._report(before)
        if self.step == 0 or self.step > self.metrics.row_step:
            self._hooks.on_row(self._row())

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the loop; priorities under way arrive at their shards first."""
        self._learner.finish()
        self.shards.give_all()
        return {"step": self.step, "metrics": self.metrics.state_dict(), "lag": self.lag}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`; actors begin new episodes."""
        self.step = state["step"]
        self.metrics.load_state_dict(state["metrics"])
        self.lag = state["lag"]

    def _due(self) -> int:
        return self._pace.due(self.step, self._agent.updates)

    def _give_work(self) -> None:
        """Ask the actors that wait, unless they would be too far ahead, or enough is under way."""
        config = self._config
        for member in self.crew.idle():
            asked = self.step + self.crew.asked
            left = config.total_steps - asked
            if left <= 0 or self._pace.room(asked, self._agent.updates) <= 0:
                return
            rounds = min(config.chunk_length, -(-left // config.num_envs))
            self.crew.ask(member, self.step, rounds, config.num_envs, self._weights())

    def _weights(self) -> Any:
        """Return what stands for the weights of the agent, new ones every `publish_period` updates."""
        updates = self._agent.updates
        if self._published is None or updates - self._published[0] >= self._config.publish_period:
            arrays = {
                name: value.cpu().numpy().copy() for name, value in self._agent.q_net.state_dict().items()
            }
            self._published = updates, self._transport.share(Weights(updates, arrays))
        return self._published[1]

    def _learn(self) -> bool:
        """Make some of the updates that are due; return whether any was made."""
        before = self._agent.updates
        if due := self._due():
            self._learner.learn(self.step, min(due, _AT_ONCE))
        return self._agent.updates > before

    def _go_on(self, *, wait: bool) -> None:
        """Take in what actors have done, and which shards are there again."""
        calls = self.crew.calls + self.shards.calls
        if not calls:
            return
        done = self._transport.wait(calls, _PATIENCE if wait else 0)
        self.shards.welcome(done)
        for answer in self.crew.take(done):
            for episode_return in answer.returns:
                self.metrics.add_episode(episode_return)
            self.step += answer.transitions
            late = self._agent.updates - answer.version - self.lag
            self.lag += late * answer.transitions / max(self.step, 1)

    def _report(self, before: int) -> None:
        config = self._config
        if self._passed(config.log_period, before):
            self._hooks.on_row(self._row())
        if config.checkpoint_period and self._passed(config.checkpoint_period, before):
            self._hooks.on_checkpoint()

    def _passed(self, period: int, before: int) -> bool:
        return self.step // period > before // period

    def _row(self) -> MetricsRow:
        agent, step = self._agent, self.step
        return self.metrics.row(
            step, agent.updates, agent.learning_rate_schedule(step), agent.policy.figures(step)
        )
