"""Gymnasium's vector environments in both of their modes: no transition is lost and none is made up."""

from __future__ import annotations

from typing import Any

import pytest

from dqn_fast import ReplayBuffer


@pytest.mark.parametrize("mode", ["Next_step", "disabled", "", 1, True])
def test_another_mode_is_refused(mode: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"autoreset: got .*expected .*next_step"):
        ReplayBuffer(20, autoreset=mode)


@pytest.mark.parametrize("mode", ["next_step", "same_step"])
@pytest.mark.parametrize("n_step", [1, 3])
def test_gymnasium_s_cart_poles(mode: str, n_step: int) -> None:
    gymnasium = pytest.importorskip("gymnasium", minversion="1.1")
    vector = gymnasium.vector

    class Diary(gymnasium.Wrapper):
        """Writes down what really happened: the observations and rewards of each episode."""

        def __init__(self, env: Any) -> None:
            super().__init__(env)
            self.episodes: list[list[Any]] = []
            self.ends: list[tuple[bool, bool]] = []

        def reset(self, **options: Any) -> Any:
            obs, info = self.env.reset(**options)
            self.episodes.append([obs.copy()])
            self.ends.append((False, False))
            return obs, info

        def step(self, action: Any) -> Any:
            obs, reward, terminated, truncated, info = self.env.step(action)
            self.episodes[-1].append(obs.copy())
            self.ends[-1] = (terminated, truncated)
            return obs, reward, terminated, truncated, info

    diaries = [Diary(gymnasium.make("CartPole-v1", max_episode_steps=limit)) for limit in (12, 200, 9)]
    autoreset = vector.AutoresetMode[mode.upper()]
    envs = vector.SyncVectorEnv([lambda diary=d: diary for d in diaries], autoreset_mode=autoreset)
    buffer = ReplayBuffer(
        6000, envs.single_observation_space, envs.single_action_space, num_envs=3, autoreset=mode, seed=0
    )
    envs.action_space.seed(0)
    obs, _ = envs.reset(seed=0)
    for _ in range(300):
        action = envs.action_space.sample()
        next_obs, reward, terminated, truncated, infos = envs.step(action)
        final = {}
        if mode == "same_step" and "final_obs" in infos:
            final = {"final_obs": infos["final_obs"], "final_mask": infos["_final_obs"]}
        buffer.add(obs, action, reward, next_obs, terminated, truncated, **final)
        obs = next_obs
    batch = buffer.transitions(n_step=n_step, gamma=0.5)
    expected = []
    for diary in diaries:
        for places, (terminated, truncated) in zip(diary.episodes, diary.ends, strict=True):
            last = len(places) - 1
            for t in range(last):
                k = min(n_step, last - t)
                at_end = t + k == last
                flags = (terminated and at_end, truncated and at_end)
                bootstrap = 0.0 if flags[0] else 0.5**k
                reward = sum(0.5**i for i in range(k))
                expected.append((places[t].tobytes(), places[t + k].tobytes(), *flags, bootstrap, reward))
    rows = zip(
        (row.tobytes() for row in batch.obs),
        (row.tobytes() for row in batch.next_obs),
        batch.terminated.tolist(),
        batch.truncated.tolist(),
        batch.discount.tolist(),
        batch.reward.tolist(),
        strict=True,
    )
    assert list(rows) == expected
    ends = [end for diary in diaries for end in diary.ends[:-1]]
    assert any(terminated for terminated, _ in ends)
    assert any(truncated for _, truncated in ends)
    assert buffer.stats()["dropped"] == (len(ends) if mode == "next_step" else 0)
