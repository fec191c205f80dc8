"""Settings of networks that remember, and of the sequences that they learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dqn_fast.errors import SettingError
from dqn_fast.training.settings.rules import A_SHARE, Settings, at_least

#: The networks that remember; they learn from sequences instead of single transitions.
SEQUENCE_NETWORKS = ("lstm", "gru", "gpt")


@dataclass(frozen=True, kw_only=True)
class SequenceSettings(Settings):
    """Networks that remember (lstm, gru, gpt): their size, and the sequences that they learn from."""

    sequence_units: Annotated[int, at_least(1)] = 64
    """Units of the LSTM or GRU, or width of the GPT. Hidden layers follow. A GPT of this width also reads
    observations with the keys tokens and length, unless there is a body."""
    sequence_length: Annotated[int, at_least(0, "environment step")] = 0
    """Environment steps of each of the windows to learn from, batch_size of them in an update; 0 takes whole
    episodes instead, each as likely as any other."""
    burn_in: Annotated[int, at_least(0, "environment step")] = 0
    """Windows: environment steps before each, from which only the state at its beginning is computed."""
    stored_state: bool = False
    """Windows: begin with the state that the agent had there while it acted, as R2D2, instead of an empty
    one. The buffer then stores the state with every step (lstm and gru)."""
    priority_mix: Annotated[float, A_SHARE] = 0.9
    """Prioritised replay: a sequence's priority is this share of its largest |TD error|, and the rest of the
    mean (eta in R2D2)."""
    gpt_layers: Annotated[int, at_least(1)] = 2
    """GPT: blocks of attention."""
    gpt_heads: Annotated[int, at_least(1)] = 2
    """GPT: heads of attention; sequence_units must be a multiple of twice their number."""
    gpt_span: Annotated[int, at_least(1, "environment step")] = 256
    """GPT: number of latest environment steps that each step sees."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.sequence_length:
            for name, given in (("burn_in", self.burn_in), ("stored_state", self.stored_state)):
                if given:
                    expected = "it only with a sequence_length above 0: nothing comes before a whole episode"
                    raise SettingError(name, given, expected)
