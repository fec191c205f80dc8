"""The documentation's example is run as it stands."""

from __future__ import annotations

import doctest

import dqn_fast.dropin.sb3


def test_the_example_of_the_documentation():
    done = doctest.testmod(dqn_fast.dropin.sb3)
    assert (done.attempted, done.failed) == (6, 0)
