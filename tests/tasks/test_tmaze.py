"""The T-maze: what is seen and earned, where walls are, when it ends, and what is drawn."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from dqn_fast.tasks.tmaze import TMaze

RIGHT, UP, LEFT, DOWN = range(4)


def played(env: TMaze, goal: str, actions: list[int]) -> tuple[list[list[float]], list[float], list[bool]]:
    """Return observations, rewards and ends of an episode."""
    obs, _ = env.reset(seed=0, options={"goal": goal})
    seen, earned, ended = [obs.tolist()], [], []
    for action in actions:
        obs, reward, terminated, truncated, _ = env.step(action)
        assert not truncated
        seen.append(obs.tolist())
        earned.append(reward)
        ended.append(terminated)
    return seen, earned, ended


@pytest.mark.parametrize(("goal", "sign", "turn"), [("up", 1, UP), ("down", -1, DOWN)])
def test_the_way_to_the_goal(goal: str, sign: int, turn: int) -> None:
    seen, earned, ended = played(TMaze(length=3), goal, [RIGHT, RIGHT, RIGHT, turn])
    assert seen == [[0, sign], [0, 0], [0, 0], [1, 0], [1, sign]]
    assert earned == [0, 0, 0, 1]
    assert ended == [False, False, False, True]


def test_the_other_arm_earns_nothing() -> None:
    seen, earned, _ = played(TMaze(length=2), "up", [RIGHT, RIGHT, DOWN])
    assert (seen[-1], earned) == ([1, -1], [0, 0, 0])


def test_standing_still_at_the_junction_earns_nothing() -> None:
    _, earned, _ = played(TMaze(length=2), "up", [RIGHT, RIGHT, RIGHT])
    assert earned == [0, 0, 0]


def test_being_late_costs_at_every_step_but_the_last() -> None:
    _, earned, ended = played(TMaze(length=4), "up", [LEFT, RIGHT, UP, RIGHT, RIGHT])
    assert earned == [-0.25, -0.25, -0.25, -0.25, 0]
    assert ended == [False] * 4 + [True]


def test_the_sign_is_seen_once() -> None:
    seen, _, _ = played(TMaze(length=4), "up", [LEFT, RIGHT, LEFT])
    assert seen == [[0, 1], [0, 0], [0, 0], [0, 0]]


def test_an_arm_has_walls_around_it() -> None:
    env = TMaze(length=2)  # it goes on moving after the episode's end
    played(env, "up", [RIGHT] * 2)
    ways = [(UP, [1, 1]), (LEFT, [1, 1]), (RIGHT, [1, 1]), (UP, [1, 1]), (DOWN, [1, 0]), (DOWN, [1, -1])]
    for action, expected in ways:
        assert env.step(action)[0].tolist() == expected, action


def test_both_goals_are_equally_likely_and_follow_the_seed() -> None:
    env = TMaze()
    goals = [env.reset(seed=seed)[0][1] for seed in range(400)]
    assert goals == [env.reset(seed=seed)[0][1] for seed in range(400)]
    assert 160 < goals.count(1) < 240
    assert goals.count(1) + goals.count(-1) == 400


def test_only_memory_gets_beyond_one_half() -> None:
    """All memoryless ways to act along the corridor and at the junction, over both goals."""
    env, best = TMaze(length=3), 0.0
    for corridor in range(4):
        for junction in range(4):
            returns = [sum(played(env, goal, [corridor] * 3 + [junction])[1]) for goal in ("up", "down")]
            best = max(best, float(np.mean(returns)))
    assert best == 0.5


@pytest.mark.parametrize("length", [1, 10, 250])
def test_it_is_an_environment_of_gymnasium(length: int) -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(TMaze(length), skip_render_check=True)
    assert gym.make("dqn_fast/TMaze-v0", length=length).unwrapped.length == length  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 0}, "length: got 0, expected a whole number of at least 1"),
        ({"length": 2.5}, "length: got 2.5, expected"),
        ({"length": True}, "length: got True, expected"),
        ({"render_mode": "human"}, "render_mode: got 'human', expected one of ansi, rgb_array"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TMaze(**arguments)


def test_a_bad_goal_and_a_bad_action() -> None:
    env = TMaze()
    with pytest.raises(ValueError, match=r"options\['goal'\]: got 'left', expected one of up, down"):
        env.reset(options={"goal": "left"})
    env.reset()
    for action in (-1, 4):
        with pytest.raises(ValueError, match=f"action: got {action}, expected 0 to 3"):
            env.step(action)


def test_the_text() -> None:
    env = TMaze(3, "ansi")
    played(env, "down", [RIGHT])
    assert env.render().splitlines() == [
        "######",
        "####.#",
        "#.A..#",
        "####G#",
        "######",
        "step 1 of 4, sees [0, 0]",
    ]


@pytest.mark.parametrize("length", [1, 10, 50, 2_000])
def test_the_picture_shows_sign_goal_and_agent(length: int) -> None:
    env = TMaze(length, "rgb_array")
    env.reset(seed=0, options={"goal": "up"})
    first = env.render()
    env.step(RIGHT)
    second = env.render()
    assert first.shape == second.shape
    assert first.shape[0] == 240
    assert first.dtype == np.uint8
    green, red, blue = ((64, 160, 90), (214, 96, 88), (28, 92, 188))

    def pixels(frame: np.ndarray, color: tuple[int, int, int]) -> int:
        return int((frame == color).all(2).sum())

    assert pixels(first, green) > pixels(second, green) > 0
    assert pixels(second, red) > 0
    assert pixels(second, blue) > 0
    assert TMaze(length).render() is None
