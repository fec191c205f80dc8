"""Refuse an extension that was built for other Python files; it would fail later, in odd ways."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dqn_fast._version import __version__

try:
    from dqn_fast import _core
except ImportError as error:
    raise ImportError(
        f"dqn_fast's extension cannot be imported ({error}); install the package: pip install ."
    ) from error

_HERE = Path(__file__).parent

if Path(_core.__file__).parent != _HERE:  # in a checkout; else both were installed together
    expected = (__version__, hashlib.sha256((_HERE / "_core.pyi").read_bytes()).hexdigest())
    found = (_core.__version__, _core.stub_digest)
    if found != expected:
        raise ImportError(
            f"dqn_fast's extension {_core.__file__} is of version {found[0]} and interface "
            f"{found[1][:12]}, but these Python files are of version {expected[0]} and interface "
            f"{expected[1][:12]}; install them again: pip install ."
        )
