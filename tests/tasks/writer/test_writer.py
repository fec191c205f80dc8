"""The environment's rules, against what they say of whole sentences."""

from __future__ import annotations

import importlib.util
from itertools import product
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from tasks.writer.a_text import SENTENCES, write_text

from dqn_fast.errors import UsageError
from dqn_fast.tasks.writer import Keyword, Length, Rhyme, Writer
from dqn_fast.tasks.writer.rewards import Additive
from dqn_fast.word_actions import WordActions

OWN = "dqn_fast.tasks.writer.rewards:"


def count_a(text: str) -> float:
    """A reward of a person's own, which says nothing before the end."""
    return float(text.count("a"))


def the_same(text: str) -> float:
    return 1.0


class Broken:
    def __init__(self) -> None:
        raise TypeError("no such thing")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    return write_text(tmp_path)


def make(text: Path, reward: str = f"{OWN}Length", **options: object) -> Writer:
    env = gym.make("dqn_fast/Writer-v0", text=str(text), reward=reward, longest=9, **options).unwrapped
    assert isinstance(env, Writer)
    return env


REWARDS = [
    (f"{OWN}Sentiment", None),
    (f"{OWN}Keyword", "friend"),
    (f"{OWN}Length", 5),
    (f"{OWN}Rhyme", "bad"),
    (f"{__name__}:count_a", None),
]


@pytest.mark.parametrize(("reward", "aim"), REWARDS)
def test_the_return_is_what_the_sentence_is_worth(text: Path, reward: str, aim: object) -> None:
    """Also of random sentences, which end before the third word, by themselves, or in between."""
    if "Sentiment" in reward:
        pytest.importorskip("vaderSentiment")
    env, generator = make(text, reward, aim=aim), np.random.default_rng(0)
    seen = set()
    for episode in range(60):
        obs, _ = env.reset()
        assert (int(obs["word"]), int(obs["count"]), float(obs["so_far"][0])) == (0, 0, 0.0)
        total, over, scripted = 0.0, False, episode % 2
        while not over:
            drawn = int(generator.choice([0, *generator.integers(1, len(env.corpus.words), 3)]))
            earnings = env.earnings()
            action = env.scripted_action(generator) if scripted else drawn
            obs, earned, over, truncated, info = env.step(action)
            assert earned == pytest.approx(earnings[action], abs=1e-12)
            assert not truncated
            assert obs["word"] == action
            total += earned
            if not over:
                np.testing.assert_allclose(obs["so_far"], total, atol=1e-6)
        words = len(env.sentence)
        worth = env.reward(env.corpus.text_of(env.sentence)) if words >= 3 else 0.0
        assert total == pytest.approx(worth, abs=1e-12)
        assert info["figures"] == {"reward": pytest.approx(worth), "length": words}
        seen.add((words < 3, words == 9, bool(scripted)))
    assert len(seen) >= 4


def test_the_data_policy_writes_each_sentence_once_before_any_again(text: Path) -> None:
    env, generator = make(text), np.random.default_rng(0)
    written = []
    for _ in range(2 * len(env.corpus.training)):
        env.reset()
        while not env.step(env.scripted_action(generator))[2]:
            pass
        written.append(tuple(env.sentence))
    half = len(env.corpus.training)
    assert sorted(written[:half]) == sorted(written[half:]) == sorted(env.corpus.training)


@pytest.mark.filterwarnings("ignore:.*A Box observation space:UserWarning")
def test_gymnasium_finds_nothing_wrong(text: Path) -> None:
    check_env(make(text), skip_render_check=True)


def test_it_tells_its_sentence(text: Path) -> None:
    env = make(text, aim=4, render_mode="ansi")
    env.reset()
    for word in env.corpus.numbers_of("the king is happy"):
        env.step(word)
    assert env.transcript() == env.render() == "the king is happy (+1.00)"
    assert "the king is happy" in SENTENCES


@pytest.mark.parametrize(
    ("reward", "sentence", "worth"),
    [
        (Keyword("sea"), "the dark sea is here", 1.0),
        (Keyword("sea"), "the dark season is here", 0.0),
        (Length(4), "the dark sea is", 1.0),
        (Length(4), "the dark sea is here today", 0.5),
        (Length(2), "你好世界", 0.0),
        (Rhyme("day"), "i will stay", 1.0),
        (Rhyme("day"), "another day", 0.0),
        (Rhyme("day"), "the sea", 0.0),
    ],
)
def test_rewards(reward: object, sentence: str, worth: float) -> None:
    assert reward(sentence) == pytest.approx(worth)  # type: ignore[operator]
    if isinstance(reward, Additive) and sentence.isascii():
        assert reward.squash(reward.scores(sentence.split()).sum()) == pytest.approx(worth)


def test_sentiment_is_vaders_and_its_words_add_up() -> None:
    pytest.importorskip("vaderSentiment")
    from dqn_fast.tasks.writer import Sentiment

    reward = Sentiment()
    friendly, plain, sad = map(reward, ("a good happy friend", "a table here", "a terrible sad war"))
    assert friendly > plain == 0 > sad
    words = ["happy", "good", "friend"]
    assert reward.squash(reward.scores(words).sum()) == pytest.approx(reward(" ".join(words)), abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reward": "nowhere"}, "reward: got 'nowhere', expected module:name: "),
        ({"reward": f"{OWN}Nothing"}, "reward: got '.*Nothing', expected module:name: "),
        ({"reward": f"{__name__}:Broken"}, "reward: got '.*Broken', expected module:name: no such thing"),
        (
            {"reward": f"{__name__}:the_same"},
            "reward: got .*the_same, which is the same for 5[0-9] sentences",
        ),
        ({"reward": f"{OWN}Keyword", "aim": "queen"}, "reward: got .*Keyword, which is the same for "),
        ({"vocabulary": 9}, "vocabulary: got 9, expected at least 10"),
        ({"shortest": 2}, "shortest: got 2, expected at least 3"),
        ({"render_mode": "human"}, "render_mode: got 'human', expected ansi or None"),
    ],
)
def test_what_is_refused(text: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        Writer(**{"text": text, "reward": f"{OWN}Length", "longest": 9, **options})  # type: ignore[arg-type]


def test_a_chinese_text_is_written_in_characters(tmp_path: Path) -> None:
    path = tmp_path / "chinese.txt"
    parts = product("我你他她", "爱看来去", ("山上", "水边"))
    lines = ["".join(part) + "。" for part in parts]
    path.write_text("".join(f"{line}天气好。\n" for line in lines), encoding="utf-8")
    env = Writer(path, f"{OWN}Length", 4, vocabulary=20, shortest=3)
    env.reset()
    words = env.action_space
    assert isinstance(words, WordActions)
    assert words.joint == ""
    assert words == WordActions(words.words, words.least, "") != WordActions(words.words, words.least)
    for word in env.corpus.numbers_of("我爱山上"):
        env.step(word)
    assert env.transcript() == "我爱山上 (+1.00)"
    assert {len(sentence) for sentence in env.corpus.training} <= {3, 4}
    if importlib.util.find_spec("vaderSentiment"):
        with pytest.raises(UsageError, match=r"Sentiment, which is the same for \d+ sentences of the text"):
            Writer(path, vocabulary=20, shortest=3)


def test_it_needs_a_text() -> None:
    with pytest.raises(UsageError, match=r"^text: got none, expected a text file: --text FILE$"):
        Writer()


def test_an_action_beyond_the_words(text: Path) -> None:
    env = make(text)
    env.reset()
    with pytest.raises(ValueError, match=r"^action: got \d+, expected 0 to \d+$"):
        env.step(len(env.corpus.words))
