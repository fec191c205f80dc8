"""A step gives true transitions, however environments are stepped and reset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from envs.kinds import TAXI, Countdown, DictCountdown, Drawer, image, play
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import batch_space

from dqn_fast import trees
from dqn_fast.envs import (
    Environments,
    SeededEpisodes,
    SerialEnvironments,
    VectorEnvironments,
    make_environments,
)
from dqn_fast.envs.batches import batch_maker, put_row

SEED, STEPS = 5, 40


class Fives(Countdown):
    """Its actions are 5, 6 and 7, and the reward says which."""

    action_space = spaces.Discrete(3, start=5)

    def step(self, action: Any) -> Any:
        assert action in self.action_space
        obs, _, *rest = super().step(action)
        return obs, float(action), *rest


def vector(kind: type[gym.Env[Any, Any]], mode: AutoresetMode, num_envs: int) -> VectorEnvironments:
    makers = [
        lambda env_index=env_index: SeededEpisodes(kind(), SEED, env_index) for env_index in range(num_envs)
    ]
    return VectorEnvironments(SyncVectorEnv(makers, autoreset_mode=mode))


MAKERS: dict[str, Callable[[type[gym.Env[Any, Any]], int], Environments]] = {
    "serial": lambda kind, num_envs: SerialEnvironments([kind() for _ in range(num_envs)], SEED),
    "async": lambda kind, num_envs: make_environments(
        f"{kind.__name__}-v0", num_envs, SEED, vectorization="async"
    ),
    **{
        mode.value: lambda kind, num_envs, mode=mode: vector(kind, mode, num_envs)
        for mode in (AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED)
    },
}


def batch_of_one(space: spaces.Space[Any], obs: Any) -> Any:
    batch = batch_maker(space, 1)()
    put_row(batch, 0, obs)
    return image(batch)


@pytest.mark.parametrize("kind", [Countdown, DictCountdown])
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("num_envs", [1, 3])
def test_transitions_are_those_of_the_environment_alone(
    kind: type[gym.Env[Any, Any]], maker: str, num_envs: int
) -> None:
    environments = MAKERS[maker](kind, num_envs)
    rows = batch_maker(environments.observation_space, num_envs)

    def one(batch: Any, row: int) -> Any:
        return batch_of_one(environments.observation_space, trees.row(batch, row))

    alone = [SeededEpisodes(kind(), SEED, env_index) for env_index in range(num_envs)]
    expected = [env.reset()[0] for env in alone]
    obs = environments.reset()
    assert image(trees.row(obs, 0)).__class__ is image(trees.row(rows(), 0)).__class__
    draw, transitions = Drawer(environments, 0), 0
    for _ in range(STEPS):
        action = draw()
        step = environments.step(action)
        assert list(step.ended) == np.flatnonzero(step.terminated | step.truncated).tolist()
        for row, env in enumerate(alone):
            if step.mask is not None and not step.mask[row]:
                assert step.reward[row] == 0
                assert not (step.terminated[row] or step.truncated[row])
                continue
            transitions += 1
            assert one(obs, row) == batch_of_one(env.observation_space, expected[row])
            value, reward, terminated, truncated, _ = env.step(int(action[row]))
            assert one(step.next_obs, row) == batch_of_one(env.observation_space, value)
            assert (step.reward[row], step.terminated[row], step.truncated[row]) == (
                reward,
                terminated,
                truncated,
            )
            expected[row] = env.reset()[0] if terminated or truncated else value
        obs = step.obs
    environments.close()
    assert transitions == STEPS * num_envs if maker != "NextStep" else 0 < transitions < STEPS * num_envs


@pytest.mark.parametrize("maker", MAKERS)
def test_arrays_stay_as_they_were_given(maker: str) -> None:
    environments = MAKERS[maker](Countdown, 2)
    environments.reset()
    steps = [(step, image(step)) for step in (environments.step(np.array([0, 1])) for _ in range(STEPS))]
    assert all(image(step) == before for step, before in steps)
    environments.close()


@pytest.mark.parametrize("env_id", ["CartPole-v1", "MountainCar-v0", TAXI])
def test_seeds(env_id: str) -> None:
    """The same seed plays the same episodes, in one process or many; another one plays others."""

    def steps(seed: int, vectorization: Any, num_envs: int) -> list[Any]:
        environments = make_environments(env_id, num_envs, seed, vectorization=vectorization)
        first = image(environments.reset()[:2])
        draw = np.random.default_rng(0)
        actions = draw.integers(int(environments.action_space.n), size=(30, 2)).repeat(2, axis=1)
        played = [environments.step(action[:num_envs]) for action in actions]
        environments.close()
        return [first, *(image(tuple(field[:2] for field in step[:5])) for step in played)]

    assert steps(1, "sync", 2) == steps(1, "async", 2) == steps(1, "sync", 4)
    assert steps(1, "sync", 2) != steps(2, "sync", 2)


@pytest.mark.parametrize("maker", ["serial", "NextStep"])
def test_spaces_and_dtypes(maker: str) -> None:
    environments = MAKERS[maker](Countdown, 3)
    assert environments.num_envs == 3
    assert environments.observation_space == Countdown.observation_space
    assert environments.action_space == spaces.Discrete(3)
    obs = environments.reset()
    assert (obs.shape, obs.dtype) == ((3, 2), np.float64)
    step = environments.step(np.zeros(3, np.int64))
    assert (step.reward.shape, step.reward.dtype) == ((3,), np.float64)
    assert step.terminated.dtype == step.truncated.dtype == np.bool_


def test_native_cart_pole() -> None:
    """Rows that are no transitions follow an end, and every other one continues an episode."""
    environments = make_environments("CartPole-v1", 5, 0, vectorization="native")
    assert isinstance(environments, VectorEnvironments)
    environments.reset()
    ended, resets = np.zeros(5, bool), 0
    for step in play(environments, Drawer(environments, 0), 200):
        mask = np.ones(5, bool) if step.mask is None else step.mask
        assert mask.tolist() == (~ended).tolist()
        assert np.abs(step.next_obs[~mask]).max(initial=0) <= 0.05  # the state after a reset
        resets += int((~mask).sum())
        ended = step.terminated | step.truncated
    assert resets > 10


def test_native_seeds() -> None:
    first, same, other = (
        make_environments("CartPole-v1", 5, seed, vectorization="native") for seed in (0, 0, 1)
    )
    begin = image(first.reset())
    assert begin == image(same.reset()) != image(other.reset())
    assert begin != image(first.reset()) == image(same.reset())


@pytest.mark.parametrize("maker", MAKERS)
def test_each_environment_has_episodes_of_its_own(maker: str) -> None:
    environments = MAKERS[maker](Countdown, 3)
    places = [obs[:, 0].tolist() for obs in (environments.reset(), environments.reset())]
    environments.close()
    assert len({*places[0], *places[1]}) == 6


def test_a_reset_forgets_the_ends_before_it() -> None:
    environments = MAKERS["NextStep"](Countdown, 2)
    environments.reset()
    draw = Drawer(environments, 0)
    while not environments.step(draw()).terminated.any():
        pass
    environments.reset()
    assert environments.step(draw()).mask is None


def test_actions_of_a_vector_environment_are_counted_from_zero() -> None:
    vector_env = SyncVectorEnv([Fives, Fives], autoreset_mode=AutoresetMode.SAME_STEP)
    environments = VectorEnvironments(vector_env, 0)
    assert environments.action_space == spaces.Discrete(3)
    environments.reset()
    assert environments.step(np.array([0, 2])).reward.tolist() == [5, 7]


class GivesNothing(SyncVectorEnv):
    def step(self, actions: Any) -> Any:
        return *super().step(actions)[:4], {}


def test_a_last_observation_that_is_not_given() -> None:
    environments = VectorEnvironments(GivesNothing([Countdown], autoreset_mode=AutoresetMode.SAME_STEP), 0)
    environments.reset()
    with pytest.raises(ValueError, match="got none, expected one of the episode that ended"):
        play(environments, Drawer(environments, 0), 10)


class Silent(gym.vector.VectorEnv[Any, Any, Any]):
    """Says nothing of how it resets."""

    metadata: dict[str, Any] = {}  # noqa: RUF012
    num_envs = 2
    single_observation_space = Countdown.observation_space
    single_action_space = Countdown.action_space
    action_space = batch_space(single_action_space, 2)


def test_vector_environments_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"metadata\['autoreset_mode'\]: got None, expected an Autores"):
        VectorEnvironments(Silent())
    with pytest.raises(ValueError, match="got one with copy=False, expected copy=True"):
        VectorEnvironments(SyncVectorEnv([Countdown], copy=False))
    with pytest.raises(TypeError, match=r"action_space: got Box\(-2.0, 2.0"):
        VectorEnvironments(gym.make_vec("Pendulum-v1", 2, vectorization_mode="sync"))


def test_environments_that_do_not_fit() -> None:
    class Other(Countdown):
        observation_space = spaces.Box(0, 1, (2,), np.float64)

    class Odd(Countdown):
        observation_space = spaces.Text(3)  # type: ignore[assignment]

    with pytest.raises(ValueError, match="envs: got none, expected at least one"):
        SerialEnvironments([], 0)
    with pytest.raises(ValueError, match="got spaces that differ"):
        SerialEnvironments([Countdown(), Other()], 0)
    with pytest.raises(
        TypeError, match=r"action_space: got Discrete\(3, start=5\), expected Discrete from 0"
    ):
        SerialEnvironments([Fives()], 0)
    with pytest.raises(TypeError, match=r"^observation_space: got Text"):
        SerialEnvironments([Odd()], 0)
    environments = SerialEnvironments([Countdown(), Countdown()], 0)
    environments.reset()
    with pytest.raises(ValueError, match="zip"):
        environments.step(np.array([0]))


def test_observations_of_a_vector_environment_are_in_c_order() -> None:
    environments = make_environments("CartPole-v1", 4, 0, vectorization="native")
    observations = [environments.reset()]
    for _ in range(60):
        after = environments.step(np.ones(4, np.int64))
        observations += [after.obs, after.next_obs]
    environments.close()
    assert all(obs.flags.c_contiguous for obs in observations)
