"""A person's own classes and functions, which settings name as module:name."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import Any

from dqn_fast.errors import SettingError, UsageError


def load_own(setting: str, reference: str) -> Any:
    """Return what `module:name` names.

    Args:
        setting: that names it, for errors.
        reference: `module:name`; the module may have dots, as in an import.

    Raises:
        SettingError: if there is no such module, or nothing of that name in it that can be called.
        UsageError: if the module itself raises an error.
    """
    module, _, name = reference.partition(":")
    if not (name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise SettingError(setting, repr(reference), "module:name")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SettingError(setting, repr(reference), f"a name in a module: {error}") from error
    except Exception as error:  # the module's own code
        raise own_error(setting, reference, error) from error
    if not callable(found):
        raise SettingError(setting, repr(reference), "a class or a function")
    return found


def call_own(setting: str, reference: str, *arguments: Any) -> Any:
    """Return what a person's own class or function gives for arguments.

    Raises:
        SettingError: if `load_own` raises it.
        UsageError: if it raises an error of its own: its kind, text and place as one line.
    """
    own = load_own(setting, reference)
    try:
        return own(*arguments)
    except Exception as error:
        raise own_error(setting, reference, error) from error


def own_error(setting: str, reference: str, error: Exception) -> UsageError:
    """Return an error of a person's own code as one line, with the place where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    file = getattr(sys.modules.get(reference.partition(":")[0]), "__file__", None)
    frame = ([frame for frame in frames if frame.filename == file] or frames)[-1]
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return UsageError(f"{setting}: {reference} raised {text} ({frame.filename}, line {frame.lineno})")
