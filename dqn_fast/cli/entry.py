"""The entry of the `dqn-fast` command: it parses, calls a command, and turns errors into one line on stderr.

Exit status: 0 done; 1 a run broke, or one of several seeds; 2 something asked for cannot be done; 130 Ctrl-C;
141 the reader of the output has gone.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from dqn_fast._version import __version__

_CLOSED_PIPE = 141  # what shells report for a program that SIGPIPE ended, such as before `| head`
_AGENT_EXTRA = ("filelock", "gymnasium", "matplotlib", "rich", "tensorboard", "torch", "tyro")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: the command line without the program's name; `sys.argv` by default.
    """
    if (sys.argv[1:] if arguments is None else list(arguments)) == ["--version"]:
        sys.stdout.write(f"dqn-fast {__version__}\n")
        return 0
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
    except BrokenPipeError:
        _discard_output()
        return _CLOSED_PIPE


def _run(arguments: Sequence[str] | None) -> int:
    # Imported late: they may not be there at all.
    import tyro

    from dqn_fast.cli.arguments import in_options, option, refuse_unknown_options, with_whole_numbers
    from dqn_fast.cli.commands import COMMANDS
    from dqn_fast.cli.help_text import read_like
    from dqn_fast.cli.train_command import train_command
    from dqn_fast.errors import DeviceMemoryError, NotFiniteError, SettingError, UsageError

    # So that `module:id` finds a module in the current folder, as it does with python -m.
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    arguments = sys.argv[1:] if arguments is None else arguments
    before, warnings.formatwarning = warnings.formatwarning, _one_line
    try:
        arguments = with_whole_numbers(arguments)
        refuse_unknown_options(arguments)
        status: int = tyro.extras.subcommand_cli_from_dict(
            {
                "train": train_command(arguments),
                **{name: read_like(command, command) for name, command in COMMANDS.items()},
            },
            prog="dqn-fast",
            description="Train DQN agents on Gymnasium environments, with a C++ replay memory."
            " `dqn-fast --version` says which this is.",
            args=arguments,
        )
    except SettingError as error:
        _complain(f"{option(error.name)}: {in_options(error.complaint)}")
        return 2
    except UsageError as error:
        _complain(str(error))
        return 2
    except (NotFiniteError, DeviceMemoryError) as error:
        _complain(str(error))
        return 1
    except RuntimeError as error:
        if "out of memory" not in str(error):  # as PyTorch says it of a device, in an evaluation
            raise
        _complain(f"device: got too little memory: {str(error).splitlines()[0]}")
        return 1
    finally:
        warnings.formatwarning = before
        sys.stdout.flush()  # here, where a pipe that is closed does no harm
    return status


def _one_line(message: Warning | str, *place: object, **line: object) -> str:
    """Return a warning without the line of code that it is from, which says nothing to a user."""
    return f"dqn-fast: {' '.join(str(message).split())}\n"


def _discard_output() -> None:
    """Send what is left to write nowhere: Python flushes at its end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _complain(message: str) -> None:
    sys.stderr.write(f"dqn-fast: {message}\n")
