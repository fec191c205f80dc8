"""How the batches of a memory lie in the arrays that the core fills."""

from __future__ import annotations

from dqn_fast import _core
from dqn_fast.replay.batch import Batch, BatchLayout
from dqn_fast.replay.frames import FrameLayout
from dqn_fast.replay.schema import StepSchema
from dqn_fast.replay.segments import SegmentBatch
from dqn_fast.replay.sequences import SequenceBatch


class Layouts:
    """How the batches of each view lie in the arrays of a memory."""

    def __init__(self, schema: StepSchema, memory: _core.ReplayMemory) -> None:
        structure = schema.structure
        self.transitions = BatchLayout(Batch, structure, memory.transition_outputs)
        self.frames = FrameLayout(structure, memory.frame_outputs, schema.obs)
        self.segments = BatchLayout(SegmentBatch, structure, memory.segment_outputs)
        self._sequences = [
            BatchLayout(SequenceBatch, structure, memory.sequence_outputs(previous))
            for previous in (False, True)
        ]

    def sequences(self, previous: bool) -> BatchLayout:
        """Return that of sequences, with or without what was done before each step."""
        return self._sequences[previous]
