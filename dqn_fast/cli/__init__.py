"""The `dqn-fast` command: its entry, its commands, and what a preset changes of their defaults.

Here belongs what reads arguments or writes to the terminal. What a command does is the training's.
"""

from dqn_fast.cli.entry import main

__all__ = ["main"]
