"""The tutor: the pupil follows its probabilities, observations hide knowledge, teachers rank in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dqn_fast.tasks.tutor import FullInformation, MasteryThreshold, RandomTeacher, RoundRobin, Tutor
from dqn_fast.tasks.tutor.pupil import GUESS, KNOWN, LEARN, LEARN_EARLY, NEEDS, SLIP, Belief, Pupil


def pupils(count: int, seed: int = 0) -> list[Pupil]:
    rng = np.random.default_rng(seed)
    return [Pupil(rng) for _ in range(count)]


def near(found: float, expected: float, count: int) -> bool:
    """Return whether a share of `count` cases is within four standard errors of its probability."""
    return abs(found - expected) < 4 * (expected * (1 - expected) / count) ** 0.5


def test_what_is_known_at_the_beginning() -> None:
    found = np.mean([pupil.mastered for pupil in pupils(4_000)], 0)
    expected = [KNOWN, KNOWN**2, KNOWN**2, KNOWN**3, KNOWN**3, KNOWN**6]
    assert all(near(share, one, 4_000) for share, one in zip(found, expected, strict=True))
    for pupil in pupils(200):
        for skill, needs in enumerate(NEEDS):
            assert not pupil.mastered[skill] or all(pupil.mastered[need] for need in needs)


@pytest.mark.parametrize(
    ("mastered", "skill", "correct", "learned"),
    [
        ([True] + [False] * 5, 0, 1 - SLIP, 1.0),
        ([False] * 6, 0, GUESS, LEARN),
        ([True] + [False] * 5, 2, GUESS, LEARN),
        ([False] * 6, 2, GUESS, LEARN_EARLY),
        ([True, True, True, True, False, False], 5, GUESS, LEARN_EARLY),
    ],
)
def test_answers_and_learning(mastered: list[bool], skill: int, correct: float, learned: float) -> None:
    answers, after = [], []
    for pupil in pupils(4_000, seed=1):
        pupil.mastered = list(mastered)
        answers.append(pupil.exercise(skill))
        after.append(pupil.mastered[skill])
        assert [*pupil.mastered[:skill], *pupil.mastered[skill + 1 :]] == [
            *mastered[:skill],
            *mastered[skill + 1 :],
        ]
    assert near(float(np.mean(answers)), correct, 4_000)
    assert near(float(np.mean(after)), learned, 4_000) or learned == 1.0 == np.mean(after)


def test_the_belief_in_a_skill_is_that_of_all_pupils_with_the_same_answers() -> None:
    exercised = [0, 0, 0]
    groups: dict[tuple[bool, ...], list[bool]] = {}
    for pupil in pupils(8_000, seed=2):
        answers = tuple(pupil.exercise(skill) for skill in exercised)
        groups.setdefault(answers, []).append(pupil.mastered[0])
    for answers, mastered in groups.items():
        belief = Belief()
        for skill, correct in zip(exercised, answers, strict=True):
            belief.update(skill, correct)
        assert near(float(np.mean(mastered)), belief.mastery[0], len(mastered)), answers


def test_observations_and_the_only_reward() -> None:
    env = Tutor(exercises=3)
    obs, _ = env.reset(seed=5)
    assert obs.tolist() == [0] * 7 + [1]
    for left, skill in ((2, 4), (1, 0), (0, 5)):
        obs, reward, terminated, truncated, _ = env.step(skill)
        assert obs[:6].tolist() == [float(skill == other) for other in range(6)]
        assert obs[6] in (0, 1)
        assert obs[7] == pytest.approx(left / 3)
        assert (terminated, truncated) == (left == 0, False)
        assert reward == (0 if left else sum(env.mastered) / 6)


def test_a_seed_is_a_pupil() -> None:
    def run(seed: int) -> list[Any]:
        env = Tutor()
        env.reset(seed=seed)
        return [env.step(step % 6)[0].tolist() for step in range(24)]

    assert run(3) == run(3)
    assert run(3) != run(4)


def mean_return(teacher: Callable[..., Any], episodes: int = 300, **settings: Any) -> float:
    env, returns = Tutor(), []
    for seed in range(episodes):
        obs, _ = env.reset(seed=seed)
        choose, total, terminated = teacher(env, **settings), 0.0, False
        while not terminated:
            obs, reward, terminated, _, _ = env.step(choose(obs))
            total += reward
        returns.append(total)
    return float(np.mean(returns))


def test_teachers_rank_as_they_should() -> None:
    returns = [
        mean_return(RandomTeacher),
        mean_return(RoundRobin),
        mean_return(MasteryThreshold, threshold=0.6),
        mean_return(MasteryThreshold),
        mean_return(FullInformation),
    ]
    assert (np.diff(returns) > 0.03).all(), returns
    assert returns[-1] < 0.95  # too little time to master everything


def test_a_belief_below_the_threshold_keeps_its_skill() -> None:
    env = Tutor()
    obs, _ = env.reset(seed=0)
    choose = MasteryThreshold(env)
    belief, skill = Belief(), 0
    for _ in range(24):
        while skill < 5 and belief.mastery[skill] >= 0.95:
            skill += 1
        chosen = choose(obs)
        assert chosen == next(other for other in range(6) if belief.mastery[other] < 0.95)
        obs, *_ = env.step(chosen)
        belief.update(chosen, bool(obs[6]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"exercises": 0}, "exercises: got 0, expected a whole number of at least 1"),
        ({"exercises": 2.0}, "exercises: got 2.0, expected"),
        ({"render_mode": "human"}, "render_mode: got 'human', expected one of ansi, rgb_array"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tutor(**arguments)
    with pytest.raises(ValueError, match="action: got 6, expected 0 to 5"):
        Tutor().step(6)


def test_it_is_an_environment_of_gymnasium_that_draws_itself() -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(Tutor(), skip_render_check=True)
    text, picture = Tutor(render_mode="ansi"), Tutor(render_mode="rgb_array")
    for env in (text, picture):
        env.reset(seed=1)
        for skill in (0, 0, 1):
            env.step(skill)
    lines = text.render().splitlines()
    assert lines[0].startswith("skill 0 ") and lines[0].count("+") + lines[0].count("-") == 2
    assert lines[-1] == "exercise 3 of 24"
    frame = picture.render()
    assert frame.shape[0] == 240 and frame.dtype == np.uint8
    answered = [((28, 92, 188), "+"), ((214, 96, 88), "-")]
    for color, sign in answered:
        assert bool((frame == color).all(2).any()) == (sign in text.render())
    assert Tutor().render() is None
