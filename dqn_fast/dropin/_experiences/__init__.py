"""Experiences `(state, action, reward, next_state, done)`: what their drop-ins have in common."""

from dqn_fast.dropin._experiences.experiences import NAMES, Experiences, rows
from dqn_fast.dropin._experiences.form import Form as _Form  # noqa: F401  (its name in pickles of 0.1.0)

__all__ = ["NAMES", "Experiences", "rows"]
