"""Refuses an extension that was built for other Python files, which would fail in odd ways later."""

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

_expected = (__version__, hashlib.sha256(Path(__file__).with_name("_core.pyi").read_bytes()).hexdigest())
_found = (_core.__version__, _core.stub_digest)
if _found != _expected:
    raise ImportError(
        f"dqn_fast's extension {_core.__file__} is of version {_found[0]} and interface "
        f"{_found[1][:12]}, but these Python files are of version {_expected[0]} and interface "
        f"{_expected[1][:12]}; install them again: pip install ."
    )
