"""RLlib pins a Gymnasium of its own, so these tests have an environment of their own: `.ci/rllib`.

Those that train start Ray, whose servers listen beyond loopback: they are marked, and need a network that has
nothing else.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("dropin.rllib.beside", "dropin.rllib.episodes")
