"""Any vector environment of Gymnasium, in any autoreset mode."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from dqn_fast import trees
from dqn_fast.envs.arrays import array_check
from dqn_fast.envs.batches import contiguous, copy_batch, put_row
from dqn_fast.envs.checked import env_name
from dqn_fast.envs.errors import MisfitError, RestoreError
from dqn_fast.envs.errors_in_infos import raise_from_infos
from dqn_fast.envs.observations import observation_check, without_tuples
from dqn_fast.envs.old_api import explain_step, reset_parts
from dqn_fast.envs.snapshots import AnyVectorEnv, NoSnapshots, Snapshots
from dqn_fast.envs.step import Array, Flags, Step
from dqn_fast.errors import UsageError


class VectorState(NamedTuple):
    """Where a vector environment is.

    Attributes:
        obs: the latest observations, (N, ...).
        mask: of the next step.
        snapshot: of the vector environment.
    """

    obs: Any
    mask: Flags | None
    snapshot: Any


class VectorEnvironments:
    """A vector environment as `Environments`: steps are true transitions in any autoreset mode.

    Gymnasium's vector environments differ in what they do after an episode has ended
    (https://farama.org/Vector-Autoreset-Mode). They reset in the same step, and give the last observation in
    `infos`; or they reset in the next step, which is then no transition; or they wait to be reset.

    Values are checked against the spaces, as for a single environment: `reset` and `step` raise a UsageError
    for others.

    Args:
        vector_env: has its mode in `metadata["autoreset_mode"]`, returns new arrays from every step and
            reset, and has Discrete actions. It is closed with this object.
        seed: of the first reset; None does not seed.
        snapshots: takes and restores its state.

    Raises:
        ValueError: if it has no mode, or overwrites the arrays that it returned before.
        TypeError: if the actions are not Discrete, or a part of observations has neither arrays nor numbers.
    """

    def __init__(
        self, vector_env: AnyVectorEnv, seed: int | None = None, snapshots: Snapshots | None = None
    ) -> None:
        mode = vector_env.metadata.get("autoreset_mode")
        after = {
            AutoresetMode.SAME_STEP: self._after_same_step,
            AutoresetMode.NEXT_STEP: self._after_next_step,
            AutoresetMode.DISABLED: self._after_disabled,
        }
        if mode not in after:
            raise ValueError(
                f"vector_env.metadata['autoreset_mode']: got {mode!r}, expected an AutoresetMode"
            )
        if getattr(vector_env.unwrapped, "copy", True) is False:
            raise ValueError("vector_env: got one with copy=False, expected copy=True")
        action_space = vector_env.single_action_space
        if not isinstance(action_space, spaces.Discrete):
            raise TypeError(f"vector_env.action_space: got {action_space}, expected Discrete")
        self.num_envs = vector_env.num_envs
        space = vector_env.single_observation_space
        self.observation_space = without_tuples(space)
        self.action_space = spaces.Discrete(action_space.n)
        self._env = vector_env
        self._name = env_name(vector_env)
        self._step = 0  # since the last `reset`
        rows = (self.num_envs,)
        self._check_batch = observation_check(space, rows)
        self._check_one = observation_check(space)
        self._check_reward = array_check("reward", np.float64, rows, "a number for each environment")
        self._check_terminated = array_check("terminated", np.bool_, rows, "a bool for each environment")
        self._check_truncated = array_check("truncated", np.bool_, rows, "a bool for each environment")
        self._seed = seed
        self._snapshots = snapshots or NoSnapshots()
        self._after = after[mode]
        self._first_action = int(action_space.start)
        self._obs: Any = None
        self._mask: Flags | None = None  # of the next step; only "next step" has masks

    def reset(self) -> Any:
        """Start a new episode in every environment; return the first observations."""
        self._step = 0
        self._obs = self._reset(self._seed, None)
        self._seed, self._mask = None, None
        return self._obs

    def step(self, action: Array) -> Step:
        """Step every environment; see `Environments.step`."""
        self._step += 1
        try:
            step = self._stepped(action + self._first_action if self._first_action else action)
        except MisfitError as error:
            raise UsageError(f"{self._name}, step {self._step}: {error}") from error
        self._obs = step.obs
        return step

    def state(self) -> VectorState | None:
        """Return where the environments are; see `Environments.state`."""
        snapshot = self._snapshots.take(self._env)
        return None if snapshot is None else VectorState(self._obs, self._mask, snapshot)

    def restore(self, state: VectorState | None) -> Any | None:
        """Restore the environments from `state`; see `Environments.restore`."""
        if state is None:
            return None
        if not isinstance(state, VectorState):
            raise RestoreError(f"state: got a {type(state).__name__}, expected a VectorState")
        count = trees.length(state.obs)
        if count != self.num_envs:
            raise RestoreError(f"state: got that of {count} environments, expected that of {self.num_envs}")
        self._snapshots.restore(self._env, state.snapshot)
        self._obs, self._mask = state.obs, state.mask
        return self._obs

    def close(self) -> None:
        """Close the vector environment."""
        self._env.close()

    def _reset(self, seed: int | None, options: dict[str, Any] | None) -> Any:
        try:
            obs, infos = reset_parts(self._env, seed, options)
            raise_from_infos(infos or {})
            return contiguous(self._check_batch(obs))
        except MisfitError as error:
            raise UsageError(f"{self._name}, at a reset: {error}") from error

    def _stepped(self, action: Array) -> Step:
        try:
            obs, reward, terminated, truncated, infos = self._env.step(action)
        except (TypeError, ValueError) as error:
            explain_step(error)
            raise
        raise_from_infos(infos)
        # Gymnasium's CartPole returns transposed arrays, whose rows would be copied at every read.
        next_obs = contiguous(self._check_batch(obs))
        terminated, truncated = self._check_terminated(terminated), self._check_truncated(truncated)
        if type(reward) is not np.ndarray or reward.dtype.kind != "f" or reward.shape != terminated.shape:
            reward = self._check_reward(reward)  # Atari's are whole numbers
        ended = terminated | truncated
        # Quicker than `any` for few environments; most steps end here.
        if not np.count_nonzero(ended):
            mask, self._mask = self._mask, None
            return Step(next_obs, reward, next_obs, terminated, truncated, (), mask)
        rows = np.flatnonzero(ended).tolist()
        return self._after(Step(next_obs, reward, next_obs, terminated, truncated, rows, None), ended, infos)

    def _after_same_step(self, step: Step, ended: Flags, infos: dict[str, Any]) -> Step:
        next_obs, finals = copy_batch(step.obs), infos.get("final_obs")
        for row in step.ended:
            final = None if finals is None else trees.row(finals, row)
            if final is None:
                raise ValueError(
                    f"infos['final_obs'][{row}]: got none, expected one of the episode that ended"
                )
            put_row(next_obs, row, self._check_one(final))
        return step._replace(next_obs=next_obs)

    def _after_next_step(self, step: Step, ended: Flags, infos: dict[str, Any]) -> Step:
        # The next step is spent on the reset, whatever the action: its row is not a transition.
        mask, self._mask = self._mask, ~ended
        return step._replace(mask=mask)

    def _after_disabled(self, step: Step, ended: Flags, infos: dict[str, Any]) -> Step:
        return step._replace(obs=self._reset(None, {"reset_mask": ended}))
