"""Refuses an extension that was built for other Python files, which would fail in odd ways later."""

from __future__ import annotations

import os

from dqn_fast._version import __version__

try:
    from dqn_fast import _core
except ImportError as error:
    raise ImportError(
        f"dqn_fast's extension cannot be imported ({error}); install the package: pip install ."
    ) from error


def _refuse_another() -> None:
    # Only in a checkout: these take longer to import than all of the package.
    import hashlib
    from pathlib import Path

    stub = Path(__file__).with_name("_core.pyi").read_bytes()
    expected = (__version__, hashlib.sha256(stub).hexdigest())
    found = (_core.__version__, _core.stub_digest)
    if found != expected:
        raise ImportError(
            f"dqn_fast's extension {_core.__file__} is of version {found[0]} and interface "
            f"{found[1][:12]}, but these Python files are of version {expected[0]} and interface "
            f"{expected[1][:12]}; install them again: pip install ."
        )


if os.path.dirname(_core.__file__) != os.path.dirname(__file__):  # noqa: PTH120  (else installed together)
    _refuse_another()
