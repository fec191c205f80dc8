"""The entry of the `dqn-fast` command: it parses, calls a command, and turns errors into one line on stderr.

Exit status: 0 done; 1 a run broke, or one of several seeds; 2 something asked for cannot be done; 130 Ctrl-C;
141 the reader of the output has gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

_CLOSED_PIPE = 141  # what shells report for a program that SIGPIPE ended, such as before `| head`
_OPTIONS = {"env_id": "ENV_ID", "from_folder": "--from"}  # that are not called as their settings
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
    except BrokenPipeError:
        _discard_output()
        return _CLOSED_PIPE


def _run(arguments: Sequence[str] | None) -> int:
    # Imported late: PyTorch takes a second or two, and may not be there at all.
    import tyro

    from dqn_fast.cli import commands
    from dqn_fast.cli.train_command import train_command
    from dqn_fast.errors import NotFiniteError, SettingError, UsageError

    # So that `module:id` finds a module in the current folder, as it does with python -m.
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status: int = tyro.extras.subcommand_cli_from_dict(
            {
                "train": train_command(arguments),
                "evaluate": commands.evaluate,
                "resume": commands.resume,
                "chat": commands.chat,
                "presets": commands.presets,
                "table": commands.table,
                "video": commands.video,
            },
            prog="dqn-fast",
            description="Train DQN agents on Gymnasium environments, with a C++ replay memory.",
            args=arguments,
        )
    except SettingError as error:
        _complain(f"{_option(error.name)}: {error.complaint}")
        return 2
    except UsageError as error:
        _complain(str(error))
        return 2
    except NotFiniteError as error:
        _complain(str(error))
        return 1
    finally:
        sys.stdout.flush()  # here, where a pipe that is closed does no harm
    return status


def _option(name: str) -> str:
    """Return what a setting is called on the command line."""
    return _OPTIONS.get(name) or f"--{name.replace('_', '-')}"


def _discard_output() -> None:
    """Send what is left to write nowhere: Python flushes at its end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _complain(message: str) -> None:
    sys.stderr.write(f"dqn-fast: {message}\n")
