"""The environments: rewards, ends, figures, starts, the data's policy, and letters for actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from tasks.wordle.wordle_twins import WORDS

from dqn_fast.described_actions import DescribedActions
from dqn_fast.tasks.wordle import Letters, Wordle, make_wordle


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "words.txt"
    file.write_text("".join(f"{word}\n" for word in WORDS), encoding="utf-8")
    return file


def played(env: Any, hidden: str, actions: list[int]) -> tuple[list[float], list[bool], dict[str, Any]]:
    """Return rewards, ends and the last info of a game."""
    _, info = env.reset(seed=0, options={"word": WORDS.index(hidden)})
    rewards, ends = [], []
    for action in actions:
        obs, reward, terminated, truncated, info = env.step(action)
        assert env.observation_space.contains(obs)
        assert not truncated
        rewards.append(reward)
        ends.append(terminated)
    return rewards, ends, info


def test_a_wrong_guess_costs_one_and_the_right_one_nothing(path: Path) -> None:
    env = Wordle(path)
    guesses = [WORDS.index(word) for word in ("belle", "eerie", "lever")]
    assert played(env, "lever", guesses) == ([-1, -1, 0], [False, False, True], {"figures": {"solved": 1.0}})
    lost = played(env, "lever", guesses[:1] * 6)
    assert lost == ([-1] * 6, [False] * 5 + [True], {"figures": {"solved": 0.0}})
    last = played(env, "lever", guesses[:1] * 5 + guesses[2:])
    assert last == ([-1] * 5 + [0], [False] * 5 + [True], {"figures": {"solved": 1.0}})


def test_each_word_is_a_way_to_begin(path: Path) -> None:
    env = gym.make("dqn_fast/Wordle-v0", words=str(path))
    starts = env.metadata["starts"]
    assert [start["word"] for start in starts] == list(range(len(WORDS)))
    whole = env.unwrapped
    assert isinstance(whole, Wordle)
    for start in starts:
        env.reset(options=start)
        assert whole.game is not None
        assert whole.game.hidden == start["word"]
    drawn = []
    for seed in range(600):
        env.reset(seed=seed)
        drawn.append(whole.game.hidden)
    assert np.bincount(drawn, minlength=len(WORDS)).min() > 25


def test_they_are_environments_of_gymnasium(path: Path) -> None:
    for level, kind in (("word", Wordle), ("token", Letters)):
        env = make_wordle(path, level)
        assert type(env) is kind
        check_env(env, skip_render_check=True)
    space = make_wordle().action_space
    assert isinstance(space, DescribedActions)
    assert space.features.shape == (431, 156)
    np.testing.assert_array_equal(make_wordle(level="token").action_space.features, np.eye(26))  # type: ignore[attr-defined]


def test_the_policy_of_the_data() -> None:
    """About one guess in three fits what is known; the mean return is the published one."""
    env, generator = Wordle(), np.random.default_rng(0)
    returns, fits = [], []
    for game in range(2_500):
        env.reset(seed=game)
        over, total = False, 0.0
        while not over:
            action = env.scripted_action(generator)
            assert env.game is not None
            if env.game.fits.mean() < 0.02:
                fits.append(env.game.fits[action])
            _, reward, over, _, _ = env.step(action)
            total += reward
        returns.append(total)
    error = np.std(returns) / np.sqrt(len(returns))
    assert abs(np.mean(returns) + 4.08) < 0.04 + 3 * error
    assert abs(np.mean(fits) - 0.345) < 0.03


def test_letters_spell_a_word(path: Path) -> None:
    env = make_wordle(path, "token", "ansi")
    assert isinstance(env, Letters)
    letters = [ord(letter) - ord("a") for letter in "bellelever"]
    rewards, ends, info = played(env, "lever", letters)
    assert rewards == [0] * 4 + [-1] + [0] * 5
    assert ends == [False] * 9 + [True]
    assert info == {"figures": {"solved": 1.0}}
    assert (
        env.render()
        == env.transcript()
        == "hidden: lever\nbelle ⬜🟩🟨🟨🟨  2 fit\nlever 🟩🟩🟩🟩🟩\nsolved with guess 2"
    )
    obs = env.reset(options={"word": 0})[0]
    np.testing.assert_array_equal(obs, [0] * 131 + [26] * 5)
    obs, *_ = env.step(7)
    np.testing.assert_array_equal(obs, [0] * 131 + [7, 26, 26, 26, 26])
    rewards, _, _ = played(env, "lever", [0] * 5)
    assert rewards == [0] * 4 + [-1]
    assert env.transcript() == "hidden: lever\n(no word of the list)"


def test_the_data_of_letters_spells_words_of_the_list(path: Path) -> None:
    env, generator = make_wordle(path, "token"), np.random.default_rng(0)
    env.reset(seed=0)
    over, said = False, ""
    while not over:
        action = env.scripted_action(generator)  # type: ignore[attr-defined]
        said += chr(ord("a") + action)
        over = env.step(action)[2]
    assert {said[i : i + 5] for i in range(0, len(said), 5)} <= set(WORDS)


def test_what_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="level: got 'letter', expected one of word, token"):
        make_wordle(path, "letter")
    with pytest.raises(ValueError, match="render_mode: got 'human', expected ansi or None"):
        Wordle(path, "human")
    env = Wordle(path)
    with pytest.raises(RuntimeError, match="transcript: got no reset so far"):
        env.transcript()
    for word in (-1, 11, "abbey", True):
        with pytest.raises(ValueError, match=rf"options\['word'\]: got {word!r}, expected 0 to 10"):
            env.reset(options={"word": word})
    env.reset()
    for action in (-1, 11):
        with pytest.raises(ValueError, match=f"action: got {action}, expected 0 to 10"):
            env.step(action)
    assert env.render() is None
    spelled = Letters(path)
    spelled.reset()
    with pytest.raises(ValueError, match="action: got 26, expected 0 to 25"):
        spelled.step(26)
