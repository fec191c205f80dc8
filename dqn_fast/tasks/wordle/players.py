"""Players that follow a rule and learn nothing, to compare with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dqn_fast.tasks.wordle.game import Game
from dqn_fast.tasks.wordle.rules import Rules


def random_word_that_fits(game: Game, generator: np.random.Generator) -> int:
    """Return any word that may be the hidden one, each with the same probability."""
    return int(generator.choice(game.fits.nonzero()[0]))


def word_that_splits(game: Game) -> int:
    """Return the word whose colours may come out in most ways; of such, one that fits, and then the first.

    It looks one guess ahead, at all words, also at those that do not fit.
    """
    codes = game.rules.codes[:, game.fits]
    ways = np.array([len(np.unique(row)) for row in codes])
    return int(np.argmax(2 * ways + game.fits))


def play(rules: Rules, hidden: int, player: Callable[[Game], int]) -> Game:
    """Play a game to its end, and return it.

    Args:
        rules: of the words.
        hidden: index of the hidden word.
        player: returns the index of the next guess.
    """
    game = Game(rules, hidden)
    while not game.is_over:
        game.guess(player(game))
    return game
