"""Errors that the user can fix: shown as one line, without a traceback."""

from __future__ import annotations


class UsageError(ValueError):
    """A request cannot be met. The message is one line that says why, and what to do instead."""


class SettingError(UsageError):
    """A setting or an argument has a value that it cannot have.

    Args:
        name: of the setting, as in Python; the command line shows its option in place of the name.
        got: the value.
        expected: what it should be.
    """

    def __init__(self, name: str, got: object, expected: str) -> None:
        super().__init__(name, got, expected)
        self.name = name
        self.complaint = f"got {got}, expected {expected}"

    def __str__(self) -> str:
        return f"{self.name}: {self.complaint}"


class DeviceMemoryError(MemoryError):
    """A run broke: its GPU has too little memory. The message is one line."""


class NotFiniteError(ArithmeticError):
    """A run broke: a reward, a loss or a gradient is NaN or infinite. The message is one line.

    The agent learned nothing from it: weights, optimiser and target network are those of the update before.
    """
