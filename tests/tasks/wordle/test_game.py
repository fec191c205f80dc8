"""What a game knows, against slow loops; and the players that follow a rule."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tasks.wordle.wordle_twins import WORDS, knowledge_allows, slow_colors, slow_fitting

from dqn_fast.tasks.wordle import play, random_word_that_fits, word_that_splits
from dqn_fast.tasks.wordle.game import GUESSES, Game, observation_space
from dqn_fast.tasks.wordle.rules import rules_of
from dqn_fast.tasks.wordle.word_list import OWN, read_words

INDICES = st.integers(0, len(WORDS) - 1)


@given(INDICES, st.lists(INDICES, max_size=GUESSES))
def test_what_fits_and_what_is_seen(hidden: int, guesses: list[int]) -> None:
    game = Game(rules_of(WORDS), hidden)
    for number, guess in enumerate(guesses):
        game.guess(guess)
        said = [WORDS[one] for one in guesses[: number + 1]]
        fitting = slow_fitting(WORDS, said, WORDS[hidden])
        assert [WORDS[word] for word in game.fits.nonzero()[0]] == fitting
        assert fitting == [word for word in WORDS if knowledge_allows(word, said, WORDS[hidden])]
        seen = np.zeros((5, 26), np.int8)
        for word in said:
            for place, color in enumerate(slow_colors(word, WORDS[hidden])):
                seen[place, ord(word[place]) - ord("a")] = color
        obs = game.observation()
        np.testing.assert_array_equal(obs, [*seen.reshape(-1), number + 1])
        assert observation_space().contains(obs)
        assert game.solved == (guess == hidden)
        assert game.is_over == (guess == hidden or number == GUESSES - 1)


def test_a_guess_that_is_no_word_says_nothing() -> None:
    game = Game(rules_of(WORDS), 0)
    game.guess(None)
    assert game.fits.all()
    np.testing.assert_array_equal(game.observation(), [0] * 130 + [1])
    assert game.transcript() == "hidden: abbey\n(no word of the list)"


def test_the_text() -> None:
    game = Game(rules_of(WORDS), WORDS.index("lever"))
    game.guess(WORDS.index("belle"))
    game.guess(WORDS.index("eerie"))
    assert game.transcript() == "hidden: lever\nbelle ⬜🟩🟨🟨🟨  2 fit\neerie 🟨🟩🟨⬜🟨  1 fits"
    game.guess(WORDS.index("lever"))
    assert game.transcript().endswith("\nlever 🟩🟩🟩🟩🟩\nsolved with guess 3")
    lost = play(rules_of(WORDS), 0, lambda game: 3)
    assert lost.transcript().endswith("\nnot solved")
    assert len(lost.guesses) == GUESSES


def slow_splits(game: Game) -> int:
    """Return the best word by counting its colours one by one."""
    best, most = 0, -1.0
    fitting = [word for word in range(len(WORDS)) if game.fits[word]]
    for guess in range(len(WORDS)):
        ways = {tuple(slow_colors(WORDS[guess], WORDS[hidden])) for hidden in fitting}
        worth = len(ways) + 0.5 * (guess in fitting)
        if worth > most:
            best, most = guess, worth
    return best


@given(INDICES, st.lists(INDICES, max_size=3))
def test_the_word_that_splits_most(hidden: int, guesses: list[int]) -> None:
    game = Game(rules_of(WORDS), hidden)
    for guess in guesses:
        game.guess(guess)
    assert word_that_splits(game) == slow_splits(game)


def test_any_word_that_fits_is_equally_likely() -> None:
    game, generator = Game(rules_of(WORDS), 5), np.random.default_rng(0)
    game.guess(WORDS.index("blade"))
    fitting = game.fits.nonzero()[0]
    drawn = np.bincount([random_word_that_fits(game, generator) for _ in range(3_000)])[fitting]
    assert drawn.sum() == 3_000
    assert abs(drawn / 3_000 - 1 / len(fitting)).max() < 0.05


def test_the_rules_on_the_own_list() -> None:
    """Words that fit, at random, solve nearly all games; looking one guess ahead is better."""
    rules, generator = rules_of(read_words(OWN)), np.random.default_rng(0)
    games = [
        play(rules, hidden, lambda game: random_word_that_fits(game, generator)) for hidden in range(431)
    ]
    assert np.mean([game.solved for game in games]) > 0.99
    fitting = np.mean([len(game.guesses) - game.solved for game in games])
    assert 2.2 < fitting < 2.6
    some = [play(rules, hidden, word_that_splits) for hidden in range(0, 431, 20)]
    assert np.mean([len(game.guesses) - game.solved for game in some]) < fitting
    assert all(game.solved for game in some)
