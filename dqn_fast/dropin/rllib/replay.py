"""RLlib's prioritised buffer of episodes over our memory: its interface, none of its lists and trees.

Longer than most files because RLlib's interface is wide and stands together.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ray.rllib.core import DEFAULT_AGENT_ID, DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils import replay_buffers

import dqn_fast
from dqn_fast import trees
from dqn_fast.checks import at_least, seed_of
from dqn_fast.dropin.rllib.fragments import Fragment
from dqn_fast.dropin.rllib.sampled import SampledEpisodes
from dqn_fast.dropin.rllib.streams import Streams

LEAST_PRIORITY = 1e-12  # RLlib's
STORED = {"episode": ((), np.int64), "t": ((), np.int64)}


class PrioritizedEpisodeReplayBuffer(replay_buffers.PrioritizedEpisodeReplayBuffer):  # type: ignore[misc]
    """RLlib's `PrioritizedEpisodeReplayBuffer`, for one agent and modules without a state.

    RLlib wants its name as a string: `replay_buffer_config={"type":
    "dqn_fast.dropin.rllib.PrioritizedEpisodeReplayBuffer", "capacity": 50_000, "alpha": 0.6, "beta": 0.4}`.
    Draws, weights and priorities are as RLlib's (Schaul et al., 2016). These things differ:

    - Every step may be drawn. RLlib draws again where the n steps pass the end of what is stored of an
      episode, so that nothing is learned of the last n - 1 steps of each. Here such a transition spans fewer:
      `n_step` says how many (n itself where it terminates, as nothing follows).
    - Steps are evicted one by one, the oldest first, not as whole episodes.
    - A range `n_step=(a, b)` includes b, as RLlib's `DQNConfig.training` says; its buffer draws less than b.
    - A priority that is NaN is a `ValueError`.
    - `infos` and outputs of the module are not stored, and rewards are float32.

    Args:
        capacity: steps to hold, the newest ones.
        batch_size_B: rows of a batch, unless `sample` says otherwise.
        batch_length_T: 1.
        alpha: exponent of the priorities, at least 0.
        beta: exponent of the weights, unless `sample` says otherwise.
        num_envs: episodes that are under way at once: the environments of all env runners. None: as many as
            the first `add` brings that have not ended.
        stratified: one draw in each equal part of the total priority, as in the paper, rather than
            independent draws, as in RLlib.
        seed: of the buffer's own generators.
        metrics_num_episodes_for_smoothing: see RLlib's.
        **options: ignored, as by RLlib.

    Raises:
        TypeError: if a number is none.
        ValueError: if an argument is out of its range.
    """

    def __init__(
        self,
        capacity: int = 10_000,
        *,
        batch_size_B: int = 16,
        batch_length_T: int = 1,
        alpha: float = 1.0,
        beta: float = 0.4,
        num_envs: int | None = None,
        stratified: bool = False,
        seed: int | None = None,
        metrics_num_episodes_for_smoothing: int = 100,
        **options: Any,
    ) -> None:
        _refuse_sequences(batch_length_T, 0)
        # Not the constructor of RLlib's prioritised one, which allocates trees.
        replay_buffers.EpisodeReplayBuffer.__init__(
            self,
            capacity,
            batch_size_B=batch_size_B,
            batch_length_T=batch_length_T,
            metrics_num_episodes_for_smoothing=metrics_num_episodes_for_smoothing,
        )
        seed = seed_of(seed)
        self.rng = np.random.default_rng(seed)
        self._made_with: dict[str, Any] = {"capacity": capacity, "alpha": alpha, "stratified": stratified}
        self._options: dict[str, Any] = {
            "beta": beta,
            "priority_eps": 0.0,
            "weight_normalization": "buffer",
            "seed": seed,
        }
        self._drawn: npt.NDArray[np.int64] = np.empty(0, np.int64)
        # Refused here, and not at the first `add`, is what cannot be.
        self._begin(1 if num_envs is None else num_envs)
        self._waits = num_envs is None

    def _begin(self, envs: int) -> None:
        """Hold nothing, of so many environments."""
        self._memory = dqn_fast.PrioritizedReplayBuffer(
            num_envs=envs, extra_fields=STORED, **self._made_with, **self._options
        )
        self._streams = Streams(envs, self._memory.capacity // envs)
        self._waits = False

    def add(self, episodes: Any, weight: float | None = None) -> None:
        """Add fragments of episodes; one whose id is known continues it.

        Args:
            episodes: a `SingleAgentEpisode`, or several. They are not changed.
            weight: priority of their steps; None: the largest so far.

        Raises:
            TypeError: if an episode is of several agents, or its values are of another kind than before; the
                episodes before it are stored.
            ValueError: the same if a shape differs, or the priority is NaN, infinite or negative.
        """
        episodes = [episodes] if isinstance(episodes, SingleAgentEpisode) else episodes
        for episode in episodes:
            if not isinstance(episode, SingleAgentEpisode):
                raise TypeError(
                    f"episodes: got a {type(episode).__name__}, expected each a SingleAgentEpisode"
                )
        episodes = [episode for episode in episodes if len(episode)]
        if self._waits and episodes:
            self._begin(
                max(len({one.id_ for one in episodes} - {one.id_ for one in episodes if one.is_done}), 1)
            )
        held, of_steps = self._streams.held(), len(self._memory)
        begun, added = self._streams.episodes, 0
        for episode in episodes:
            self._add(episode, weight)
            added += len(episode)
        self._num_timesteps_added += added
        begun = self._streams.episodes - begun
        gone = held + begun - self._streams.held()
        steps_gone = of_steps + added - len(self._memory)
        self._num_episodes_evicted += gone
        counts = {
            "num_episodes_added": begun,
            "num_steps_added": added,
            "num_episodes_evicted": gone,
            "num_steps_evicted": steps_gone,
        }
        self._update_add_metrics(**_of_one_agent(counts))

    def _add(self, episode: SingleAgentEpisode, weight: float | None) -> None:
        fragment, length = Fragment.of(episode), len(episode)
        place = self._streams.place(episode.id_, episode.t_started)
        times = np.arange(episode.t_started, episode.t_started + length)
        numbers = np.full(length, place.episode)

        def add(begin: int, end: int | None, consecutive: bool) -> None:
            rows, extra = fragment.rows(begin, end), {"episode": numbers[begin:end], "t": times[begin:end]}
            self._memory.extend(*rows, env=place.env, consecutive=consecutive, priority=weight, **extra)

        if place.continues:
            add(0, None, True)
        else:  # equal bytes do not make it a continuation of what the environment holds
            add(0, 1, False)
            if length > 1:
                add(1, None, True)
        self._streams.note(place, episode.id_, episode.t_started, length, episode.is_done)

    def sample(
        self,
        num_items: int | None = None,
        *,
        batch_size_B: int | None = None,
        batch_length_T: int | None = None,
        n_step: int | tuple[int, int] | None = None,
        beta: float | None = 0.0,
        gamma: float = 0.99,
        include_infos: bool = False,
        include_extra_model_outputs: bool = False,
        to_numpy: bool = False,
        lookback: int = 0,
        **options: Any,
    ) -> SampledEpisodes:
        """Draw transitions by priority, with replacement.

        Args:
            num_items: rows.
            batch_size_B: the same by its other name.
            batch_length_T: None, 0 or 1.
            n_step: environment steps that a transition spans, or the least and the most, of which each row
                draws one; None is 1.
            beta: exponent of the importance weights; None: the constructor's.
            gamma: discount factor of one environment step.
            include_infos: False: they are not stored.
            include_extra_model_outputs: False: they are not stored.
            to_numpy: whether the episodes hold arrays rather than lists.
            lookback: 0.
            options: ignored, as by RLlib.

        Returns:
            Episodes of one step each, from the observation before to that after the last step spanned, with
            `weights` and `n_step` in their `extra_model_outputs`; `UseSampledBatch` takes them as arrays.

        Raises:
            TypeError: if a number is none.
            ValueError: if nothing is stored, a number is out of range, or what is asked for is not stored.
        """
        _refuse_sequences(batch_length_T, lookback)
        for name, asked in (("infos", include_infos), ("extra_model_outputs", include_extra_model_outputs)):
            if asked:
                raise ValueError(f"include_{name}: got True, expected False: they are not stored")
        if num_items is not None and batch_size_B is not None:
            raise ValueError(f"batch_size_B: got {batch_size_B} beside num_items, expected one of the two")
        rows = at_least("num_items", num_items or batch_size_B or self.batch_size_B, 1)
        batches = [
            (n, self._memory.sample(count, n_step=n, gamma=gamma, beta=beta))
            for n, count in self._shares(n_step, rows)
        ]
        n_steps = _joined([_spanned(batch, n, gamma) for n, batch in batches])
        fields = {
            name: _joined([getattr(batch, name) for _, batch in batches])
            for name in (
                "obs",
                "action",
                "reward",
                "next_obs",
                "terminated",
                "truncated",
                "weights",
                "indices",
            )
        }
        numbers, times = (_joined([batch.extra[name] for _, batch in batches]) for name in STORED)
        self._drawn = fields["indices"]
        self._count_sample(numbers, n_steps)
        sampled = SampledEpisodes(
            {
                Columns.OBS: fields["obs"],
                Columns.ACTIONS: fields["action"],
                Columns.REWARDS: fields["reward"],
                Columns.NEXT_OBS: fields["next_obs"],
                Columns.TERMINATEDS: fields["terminated"],
                Columns.TRUNCATEDS: fields["truncated"],
                "weights": fields["weights"],
                "n_step": n_steps,
            },
            times,
        )
        if to_numpy:
            for episode in sampled:
                episode.to_numpy()
        return sampled

    def _shares(self, n_step: int | tuple[int, int] | None, rows: int) -> list[tuple[int, int]]:
        """Return each number of steps with how many rows span it."""
        if not isinstance(n_step, Sequence):
            return [(1 if n_step is None else n_step, rows)]
        least = at_least("n_step", n_step[0], 1)
        most = at_least("n_step", n_step[1], least)
        counts = self.rng.multinomial(rows, np.full(most - least + 1, 1 / (most - least + 1)))
        return [(least + place, int(count)) for place, count in enumerate(counts) if count]

    def _count_sample(self, episodes: npt.NDArray[np.int64], n_steps: npt.NDArray[np.int64]) -> None:
        rows = len(n_steps)
        self.sampled_timesteps += rows
        counts = {
            "num_steps_sampled": rows,
            "num_episodes_per_sample": len(np.unique(episodes)),
            "num_steps_per_sample": len(np.unique(self._drawn)),
            "sampled_n_step": float(n_steps.mean()),
            "num_resamples": 0,
        }
        self._update_sample_metrics(**_of_one_agent(counts))

    def update_priorities(self, priorities: Any, module_id: Any = None) -> None:
        """Set the priorities of the last batch, once.

        Args:
            priorities: absolute TD errors, (B,).
            module_id: ignored, as by RLlib.

        Raises:
            ValueError: if they are more or fewer than the rows, or one is NaN or infinite.
        """
        priorities = np.asarray(priorities).reshape(-1)
        if len(priorities) != len(self._drawn):
            raise ValueError(
                f"priorities: got {len(priorities)}, expected {len(self._drawn)}, of the last sample"
            )
        self._memory.update_priorities(self._drawn, np.maximum(priorities, LEAST_PRIORITY))
        self._drawn = self._drawn[:0]

    def get_num_episodes(self, module_id: Any = None) -> int:
        """Return the number of episodes that steps are stored of."""
        return self._streams.held()

    def get_num_timesteps(self, module_id: Any = None) -> int:
        """Return the number of steps stored."""
        return len(self._memory)

    def get_state(self) -> dict[str, Any]:
        """Return all that `set_state` needs to go on as this buffer would."""
        return {
            "made_with": dict(self._made_with),
            "memory": pickle.dumps((self._memory, self._streams, self._drawn)),
            "waits": self._waits,
            "rng": self.rng.bit_generator.state,
            "num_episodes_evicted": self._num_episodes_evicted,
            "num_timesteps_added": self._num_timesteps_added,
            "sampled_timesteps": self.sampled_timesteps,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Set what `get_state` returned, of a buffer that was made with the same arguments.

        Raises:
            ValueError: if it was not.
        """
        if state["made_with"] != self._made_with:
            raise ValueError(f"state: got one of {state['made_with']}, expected {self._made_with}")
        self._memory, self._streams, self._drawn = pickle.loads(state["memory"])
        self._waits = state["waits"]
        self.rng.bit_generator.state = state["rng"]
        self._num_episodes_evicted = state["num_episodes_evicted"]
        self._num_timesteps_added = state["num_timesteps_added"]
        self.sampled_timesteps = state["sampled_timesteps"]


def _refuse_sequences(length: int | None, lookback: int) -> None:
    """Refuse what RLlib asks for only where a module has a state."""
    if (length or 1) > 1:
        raise ValueError(f"batch_length_T: got {length}, expected 1: modules with a state are not supported")
    if lookback:
        raise ValueError(f"lookback: got {lookback}, expected 0: modules with a state are not supported")


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else trees.map(lambda *leaves: np.concatenate(leaves), *parts)


def _spanned(batch: dqn_fast.Batch[Any, Any], n: int, gamma: float) -> npt.NDArray[np.int64]:
    """Return how many steps each row spans: which power of gamma its discount is; n where it terminated."""
    powers = np.cumprod(np.full(n, gamma)).astype(batch.discount.dtype)  # multiplied as the core does
    spanned: npt.NDArray[np.int64] = n - np.searchsorted(powers[::-1], batch.discount, side="left")
    return np.where(batch.terminated, n, np.maximum(spanned, 1))


def _of_one_agent(counts: dict[str, Any]) -> dict[str, Any]:
    """Return counts as RLlib's metrics take them: of the environment, of its agent and of its module."""
    named = {}
    for name, count in counts.items():
        short = name.removeprefix("num_")
        named[name.replace("num_steps", "num_env_steps")] = count
        prefix = "to_num_" if short != name else "to_"
        named[f"agent_{prefix}{short}"] = {DEFAULT_AGENT_ID: count}
        named[f"module_{prefix}{short}"] = {DEFAULT_MODULE_ID: count}
    return named
