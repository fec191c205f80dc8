"""What the drop-ins for experiences `(state, action, reward, next_state, done)` have in common."""

from dqn_fast.dropin._experiences.experiences import NAMES, Experiences, rows
from dqn_fast.dropin._experiences.form import Form as _Form  # noqa: F401  (pickles of 0.1.0 name it so)
from dqn_fast.dropin._experiences.form import plain

__all__ = ["NAMES", "Experiences", "plain", "rows"]
