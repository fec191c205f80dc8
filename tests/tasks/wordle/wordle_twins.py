"""The rules of Wordle as slow and obvious loops, and small lists of words."""

from __future__ import annotations

from collections.abc import Sequence

#: With letters that occur twice, at the same and at other places.
WORDS = ("abbey", "babel", "blade", "eerie", "geese", "level", "lever", "salsa", "lease", "abide", "belle")


def slow_colors(guess: str, hidden: str) -> list[int]:
    """Return 3 for green, 2 for yellow and 1 for grey: each letter by itself."""
    result = []
    for place in range(5):
        if guess[place] == hidden[place]:
            result.append(3)
        elif guess[place] in hidden:
            result.append(2)
        else:
            result.append(1)
    return result


def slow_fitting(words: Sequence[str], guesses: Sequence[str], hidden: str) -> list[str]:
    """Return the words that would have given all guesses the same colours."""
    return [
        word
        for word in words
        if all(slow_colors(guess, word) == slow_colors(guess, hidden) for guess in guesses)
    ]


def knowledge_allows(word: str, guesses: Sequence[str], hidden: str) -> bool:
    """Return whether a word fits what the letters' colours say: a rule for each colour, and no table."""
    for guess in guesses:
        for place, letter in enumerate(guess):
            color = slow_colors(guess, hidden)[place]
            here, somewhere = word[place] == letter, letter in word
            if color == 3 and not here:
                return False
            if color == 2 and (here or not somewhere):
                return False
            if color == 1 and somewhere:
                return False
    return True
