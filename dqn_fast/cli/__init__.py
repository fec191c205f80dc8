"""The `dqn-fast` command: its entry, its commands, and the options of `train`.

This package reads arguments and writes to the terminal. The work is done by `dqn_fast.training`.
"""

from dqn_fast.cli.entry import main

__all__ = ["main"]
