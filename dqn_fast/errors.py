"""Errors that a person can mend: shown as one line, without a traceback."""

from __future__ import annotations


class UsageError(ValueError):
    """Something asked for cannot be done; its message is one line that says what and what to do instead."""


class NotFiniteError(ArithmeticError):
    """A run broke: a reward, a loss or a gradient is NaN or infinite; its message is one line.

    Nothing was learned from it: weights, optimiser and target network are those of the update before.
    """
