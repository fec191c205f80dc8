"""Episodes are played step by step, each from its seed, also by policies with memory."""

from __future__ import annotations

from typing import Any, ClassVar

from training.counting import Counting
from training.tiny import Tiny

from dqn_fast.training.evaluation.evaluate import evaluate
from dqn_fast.training.evaluation.play import play


class Noting(Tiny):
    """Notes the actions of each episode."""

    def __init__(self) -> None:
        self.acted: list[list[int]] = []
        self.places: list[int] = []

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        result = super().reset(**arguments)
        self.acted.append([])
        self.places.append(self.place)
        return result

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.acted[-1].append(action)
        return super().step(action)


def test_an_episode_is_there_from_its_reset_to_its_end() -> None:
    env, seen = Noting(), []
    for episode in play(Counting(1), env, [3, 3, 8]):
        seen.append((episode, episode.steps, episode.episode_return, episode.ended))
    episodes = list(dict.fromkeys(episode for episode, *_ in seen))
    assert len(episodes) == 3
    for episode, acted in zip(episodes, env.acted, strict=True):
        steps, returns, ends = zip(*(rest for one, *rest in seen if one is episode), strict=True)
        assert steps == tuple(range(len(acted) + 1))
        assert returns == (0.0,) * len(acted) + (1.0,)
        assert ends == (False,) * len(acted) + (True,)
    assert env.acted[0] == env.acted[1]
    assert env.places[0] == env.places[1]


def test_a_policy_begins_every_episode_anew() -> None:
    policy = Counting(1)
    policy.counts[:] = 5  # left from somewhere
    evaluation = evaluate(policy, Tiny(), 6, seed=0)
    assert evaluation is not None
    assert evaluation.returns == [1.0] * 6


def test_an_episode_that_is_left_has_not_ended() -> None:
    *_, last = play(Counting(1), Noting(), [0], max_episode_steps=3)
    assert (last.steps, last.ended) == (3, False)


class Starting(Noting):
    """Lists the ways in which an episode may begin, and notes which was asked for."""

    metadata: ClassVar[dict[str, Any]] = {"starts": [{"door": 0}, {"door": 1}, {"door": 2}]}

    def __init__(self) -> None:
        super().__init__()
        self.doors: list[int] = []

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        self.doors.append(arguments["options"]["door"])
        return super().reset(**arguments)


def test_ways_to_begin_are_played_in_turn_by_seed() -> None:
    env = Starting()
    evaluate(Counting(1), env, 6, seed=4)
    assert env.doors == [1, 2, 0, 1, 2, 0]
