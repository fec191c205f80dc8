"""After a restore, any environment goes on as it would have, to the last byte."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from envs.kinds import REAL, TAXI, Countdown, Drawer, Unrepeatable, image, play
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from dqn_fast.envs import (
    Environments,
    RestoreError,
    SeededEpisodes,
    SerialEnvironments,
    VectorEnvironments,
    make_environments,
)
from dqn_fast.envs.snapshots import EpisodeSnapshots

BEFORE, AFTER = 60, 120  # steps


def assert_goes_on(make: Callable[[int], Environments], before: int = BEFORE, after: int = AFTER) -> None:
    with closing(make(3)) as first:
        first.reset()
        draw = Drawer(first, 0)
        played = play(first, draw, before)
        state = pickle.dumps(first.state())
        expected = play(first, draw, after)
    # Made with another seed: all that decides is in the state.
    with closing(make(4)) as second:
        draw = Drawer(second, 0)
        for _ in range(before):
            draw()
        assert image(second.restore(pickle.loads(state))) == image(played[-1].obs)
        assert image(play(second, draw, after)) == image(expected)


@pytest.mark.parametrize("env_id", REAL)
def test_one(env_id: str) -> None:
    assert_goes_on(lambda seed: make_environments(env_id, 1, seed))


@pytest.mark.parametrize(
    "env_id", ["CartPole-v1", "LunarLander-v3", "MinAtar/Breakout-v0", "DictCountdown-v0"]
)
@pytest.mark.parametrize("vectorization", ["sync", "async"])
def test_many(env_id: str, vectorization: Any) -> None:
    assert_goes_on(lambda seed: make_environments(env_id, 3, seed, vectorization=vectorization))


def test_action_mask() -> None:
    assert_goes_on(lambda seed: make_environments(TAXI, 2, seed, action_mask=True))


@pytest.mark.parametrize("before", range(20))
def test_native(before: int) -> None:
    """At any step of the cycle of end and reset."""
    assert_goes_on(
        lambda seed: make_environments("CartPole-v1", 9, seed, vectorization="native"), 1 + before, 60
    )


def test_the_longest_episodes_end_after_the_restore() -> None:
    """The time limit, too, goes on where it was."""
    with closing(make_environments("MountainCar-v0", 1, 0)) as first:
        first.reset()
        play(first, Drawer(first, 0), 190)
        state = first.state()
    with closing(make_environments("MountainCar-v0", 1, 0)) as second:
        second.restore(state)
        assert [bool(step.truncated[0]) for step in play(second, Drawer(second, 1), 10)] == [False] * 9 + [
            True
        ]


def test_before_the_first_step() -> None:
    first, second = (SerialEnvironments([Countdown()], seed) for seed in (0, 1))
    obs = first.reset()
    assert image(second.restore(first.state())) == image(obs)
    assert image(play(second, Drawer(second, 0), 30)) == image(play(first, Drawer(first, 0), 30))


def test_state_before_the_first_reset() -> None:
    with pytest.raises(RuntimeError, match="episode_state: got no reset so far"):
        SerialEnvironments([Countdown()], 0).state()


@pytest.fixture(params=["sync", "async", "vector"])
def unrepeatable(request: pytest.FixtureRequest) -> Iterator[Environments]:
    if request.param == "vector":
        makers = [
            lambda env_index=env_index: SeededEpisodes(Unrepeatable(), 0, env_index) for env_index in range(2)
        ]
        vector_env = SyncVectorEnv(makers, autoreset_mode=AutoresetMode.SAME_STEP)
        environments: Environments = VectorEnvironments(vector_env, None, EpisodeSnapshots())
    else:
        environments = make_environments("Unrepeatable-v0", 2, 0, vectorization=request.param)
    with closing(environments):
        yield environments


def test_what_does_not_repeat_is_found(unrepeatable: Environments) -> None:
    unrepeatable.reset()
    play(unrepeatable, Drawer(unrepeatable, 0), 3)
    with pytest.raises(RestoreError, match="environment 0 does not repeat itself: after the same seed and"):
        unrepeatable.restore(unrepeatable.state())
    unrepeatable.reset()
    play(unrepeatable, Drawer(unrepeatable, 0), 3)


def test_an_error_in_the_replay_is_found() -> None:
    class Touchy(Countdown):
        times = 0

        def step(self, action: Any) -> Any:
            Touchy.times += 1
            if Touchy.times == 2:
                raise KeyError("illegal move")
            return super().step(action)

    environments = SerialEnvironments([Touchy()], 1)
    environments.reset()
    environments.step(np.array([0]))
    with pytest.raises(RestoreError, match="the same 1 actions, KeyError: 'illegal move'"):
        environments.restore(environments.state())


def test_old_episodes_do_not_come_again_after_a_failed_restore() -> None:
    def ids(environments: Environments) -> set[int]:
        first = environments.reset()[:, 0].tolist()
        steps = play(environments, Drawer(environments, 0), 50)
        return {int(place) for place in [*first, *(place for step in steps for place in step.obs[:, 0])]}

    played = SerialEnvironments([Unrepeatable(), Unrepeatable()], 0)
    before, state = ids(played), played.state()
    resumed = SerialEnvironments([Unrepeatable(), Unrepeatable()], 0)
    with pytest.raises(RestoreError):
        resumed.restore(state)
    assert not before & ids(resumed)


@pytest.mark.parametrize("vectorization", ["sync", "native"])
def test_a_state_of_others(vectorization: Any) -> None:
    others = make_environments("CartPole-v1", 3, 0, vectorization=vectorization)
    others.reset()
    environments = make_environments("CartPole-v1", 2, 0, vectorization=vectorization)
    with pytest.raises(RestoreError, match="state: got that of 3 environments, expected that of 2"):
        environments.restore(others.state())
    other_kind = make_environments(
        "CartPole-v1", 3, 0, vectorization="native" if vectorization == "sync" else "sync"
    )
    with pytest.raises(RestoreError, match="expected a"):
        other_kind.restore(others.state())


def test_damaged_pickle() -> None:
    environments = make_environments("CartPole-v1", 2, 0, vectorization="native")
    environments.reset()
    state = environments.state()._replace(snapshot=b"nonsense")
    with pytest.raises(RestoreError, match="cannot be restored: "):
        environments.restore(state)


def test_environments_that_have_no_state() -> None:
    environments = VectorEnvironments(SyncVectorEnv([Countdown]), 0)
    environments.reset()
    assert environments.state() is None
    assert environments.restore(None) is None
    assert SerialEnvironments([Countdown()], 0).restore(None) is None


def test_episodes_of_a_new_seed() -> None:
    env = SeededEpisodes(Countdown(), 7)
    first = [env.reset()[0].tolist() for _ in range(3)]
    assert len(set(map(str, first))) == 3
    again = [env.reset(seed=7)[0].tolist(), *(env.reset()[0].tolist() for _ in range(2))]
    assert again == first
    assert env.reset(seed=8)[0].tolist() not in first
    with pytest.raises(ValueError, match=r"options: got {'a': 1}, expected none"):
        env.reset(options={"a": 1})


def test_a_wrapper_like_any_other() -> None:
    assert isinstance(SeededEpisodes(gym.make("CartPole-v1"), 0), gym.Wrapper)
