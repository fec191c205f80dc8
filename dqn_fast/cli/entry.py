"""The `dqn-fast` command: train an agent, evaluate it again, film it; a table of runs.

Exit status: 0 done, 1 a run broke, or one of several seeds, 2 something asked for cannot be done (one line
on stderr says what), 130 Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

_AGENT_EXTRA = ("filelock", "gymnasium", "matplotlib", "rich", "tensorboard", "torch", "tyro")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: the command line without the program's name; `sys.argv` by default.
    """
    missing = [name for name in _AGENT_EXTRA if find_spec(name) is None]
    if missing:
        _complain(
            f"training needs the agent extra, and {', '.join(missing)} is not installed:"
            " pip install 'dqn_fast[agent]'"
        )
        return 2
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    # Imported late: PyTorch takes a second or two, and may not be there at all.
    import tyro

    from dqn_fast.cli.command_line import commands_for
    from dqn_fast.training import NotFiniteError, UsageError

    # So that `module:id` finds a module in the current folder, as it does with python -m.
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status: int = tyro.extras.subcommand_cli_from_dict(
            commands_for(arguments),
            prog="dqn-fast",
            description="Train DQN agents on Gymnasium environments, with a C++ replay memory.",
            args=arguments,
        )
    except UsageError as error:
        _complain(str(error))
        return 2
    except NotFiniteError as error:
        _complain(str(error))
        return 1
    return status


def _complain(message: str) -> None:
    sys.stderr.write(f"dqn-fast: {message}\n")
