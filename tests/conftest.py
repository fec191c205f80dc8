"""Hypothesis profiles, a line that says how many random cases were run, and Ctrl-C as in a terminal.

The environment variable HYPOTHESIS_PROFILE chooses: `dev` (the default), `quick` and `ci` (few and many
cases, the same on every run), or `shrink` (as dev, but a failing case is made small, for minutes).
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest.register_assert_rewrite(
    "replay.support.building",
    "replay.support.index_machine",
    "replay.support.machine",
    "replay.support.reading_rules",
    "replay.support.shared_state",
    "replay.support.storing_rules",
)

FIND = (Phase.explicit, Phase.reuse, Phase.generate)
COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": False,  # stated, as Hypothesis's own default is another where the variable CI is set
    "report_multiple_bugs": False,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
SAME = COMMON | {"derandomize": True}

settings.register_profile("dev", max_examples=100, phases=FIND, **COMMON)
settings.register_profile("quick", max_examples=25, phases=FIND, **SAME)
settings.register_profile("ci", max_examples=300, phases=FIND, **SAME)
settings.register_profile("shrink", max_examples=100, phases=(*FIND, Phase.shrink), **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A shell script starts what it does not wait for so that it ignores Ctrl-C, and so would all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for name, what in (("census", "replay memory"), ("index_machine", "priority index")):
        counter = sys.modules.get(f"replay.support.{name}")
        if counter is not None and counter.HAPPENED:
            counts = ", ".join(f"{count:,} {thing}" for thing, count in sorted(counter.HAPPENED.items()))
            terminalreporter.write_line(f"random cases of the {what}: {counts}")
