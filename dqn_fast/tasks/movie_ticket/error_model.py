"""The error model: what a user says is misunderstood now and then (Li et al., 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dqn_fast.checks import within
from dqn_fast.tasks.movie_ticket.dialog import one_of


class ErrorModel:
    """Replaces values and acts at random.

    Args:
        acts: that an act may be mistaken for.
        values: by slot, that a value may be mistaken for; a slot without any is always understood.
        slot_error: probability that a value is replaced.
        intent_error: probability that an act is replaced.

    Raises:
        TypeError: if a probability is not a number.
        ValueError: if one is outside [0, 1].
    """

    def __init__(
        self,
        acts: Sequence[str],
        values: Mapping[str, Sequence[str]],
        slot_error: float = 0.0,
        intent_error: float = 0.0,
    ) -> None:
        self._acts = acts
        self._values = values
        self._slot_error = within("slot_error", slot_error, 0.0, 1.0)
        self._intent_error = within("intent_error", intent_error, 0.0, 1.0)

    def heard_inform(self, inform: dict[str, str], rng: np.random.Generator) -> None:
        """Replace values in place."""
        if self._slot_error == 0:
            return
        for slot in inform:
            values = self._values.get(slot)
            if values and rng.random() < self._slot_error:
                inform[slot] = one_of(values, rng)

    def heard_act(self, act: str, rng: np.random.Generator) -> str:
        """Return the act, or another one in its place."""
        if self._intent_error and rng.random() < self._intent_error:
            return one_of(self._acts, rng)
        return act
