"""The state machine that drives a real buffer and its slow twin in step, and compares them throughout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from replay.support.building import build_buffer
from replay.support.census import HAPPENED, MET
from replay.support.oracles import PriorityTwin, ReplayTwin, default_reserve
from replay.support.reading_rules import ReadingRules
from replay.support.shared_state import SEEDS
from replay.support.storing_rules import StoringRules
from replay.support.strategies import STYLES, Levels, World, options, pairs_of


class ReplayMachine(StoringRules, ReadingRules, RuleBasedStateMachine):
    """Rules that a user could follow; `pinned` holds levels of options that are not drawn."""

    def __init__(self, pinned: Levels | None = None) -> None:
        super().__init__()
        self.pinned = pinned
        self.options = None

    @initialize(data=st.data())
    def build(self, data: st.DataObject) -> None:
        self.options = o = data.draw(options(self.pinned), label="options")
        self.buffer = build_buffer(o)
        priorities = None if o.alpha is None else PriorityTwin(o.alpha, o.priority_eps)
        reserve = default_reserve(o.step_bytes) if o.reserve is None else o.reserve
        drops = o.autoreset == "next_step"
        capacity = o.capacity * o.num_envs
        by_segment = o.draw_by == "segment"
        self.twin = ReplayTwin(capacity, o.num_envs, reserve, priorities, o.stacks, drops, by_segment)
        origin = World(np.random.default_rng(0), o.obs, 1).origin()
        self.at = [(origin, False)] * o.num_envs
        self.shapes_known = o.spaces
        self.outstanding = []
        self.last_out = None
        self.warned = 0
        self.could_draw = True
        MET.update(pairs_of(o.levels))
        HAPPENED["examples"] += 1
        if data.draw(st.booleans(), label="begin with rows"):
            seed, style = data.draw(SEEDS), data.draw(st.sampled_from(STYLES))
            self.extend(seed, style, 40, True, "all", masked=False, frames=False, priority="none")

    @invariant()
    def both_agree(self) -> None:
        if self.options is None:
            return
        HAPPENED["rules"] += 1
        assert len(self.buffer) == len(self.twin)
        assert self.buffer.capacity == self.twin.capacity
        assert self.buffer.is_full() == self.twin.is_full()
        expected = self.twin.stats()
        if self.buffer.nbytes == 0:  # what was given waits for the first add
            expected = dict.fromkeys(expected, 0)
        stats = self.buffer.stats()
        assert {name: stats[name] for name in expected} == expected
        assert self.buffer.is_valid()
        if self.could_draw and not self.twin_has_mass():
            with pytest.raises(ValueError, match=r"(?i)empty|no transition|nothing|zero"):
                self.buffer.sample(4)
            HAPPENED["nothing to draw"] += 1
        self.could_draw = self.twin_has_mass()
