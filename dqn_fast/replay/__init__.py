"""The replay memory: the buffers, what goes in and what comes out. It needs NumPy and the C++ core alone."""

from dqn_fast.replay.batch import Batch
from dqn_fast.replay.buffer import ReplayBuffer
from dqn_fast.replay.buffer_schema import BufferSchema, Leaf
from dqn_fast.replay.frames import FrameBatch
from dqn_fast.replay.prioritized import PrioritizedReplayBuffer
from dqn_fast.replay.priority_index import PriorityIndex
from dqn_fast.replay.segments import SegmentBatch
from dqn_fast.replay.sequences import SequenceBatch

__all__ = [
    "Batch",
    "BufferSchema",
    "FrameBatch",
    "Leaf",
    "PrioritizedReplayBuffer",
    "PriorityIndex",
    "ReplayBuffer",
    "SegmentBatch",
    "SequenceBatch",
]
