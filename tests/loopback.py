"""The network that tests need which start servers, such as Ray's: they listen beyond loopback."""

from __future__ import annotations

from pathlib import Path

import pytest


def require_loopback_alone() -> None:
    """Fail if the network has anything but loopback."""
    if len(Path("/proc/net/dev").read_text().splitlines()) > 3:  # two of them are a heading
        pytest.fail("network: got other interfaces than loopback, expected `unshare -rn` around these tests")
