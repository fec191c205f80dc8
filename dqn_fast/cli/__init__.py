"""The `dqn-fast` command."""

from dqn_fast.cli.entry import main

__all__ = ["main"]
