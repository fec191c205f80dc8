"""dqn_fast: a replay memory for DQN with a C++ core.

>>> from dqn_fast import ReplayBuffer
>>> buffer = ReplayBuffer(10_000, seed=0)
>>> buffer.add([0.0, 1.0], 1, 0.5, [1.0, 0.0], terminated=False)
>>> batch = buffer.sample(32)
>>> batch.obs.shape, batch.discount.dtype
((32, 2), dtype('float32'))
"""

from __future__ import annotations

import sys
from pathlib import Path

# In a checkout this folder shadows the installed package: find the extension in both.
__path__ = [*__path__, *(str(entry) for entry in (Path(one, __name__) for one in sys.path) if entry.is_dir())]

from dqn_fast import (
    _extension,  # noqa: F401  (first: it says why an extension does not fit)
    _moved,
)
from dqn_fast._version import __version__
from dqn_fast.replay import (
    Batch,
    FrameBatch,
    PrioritizedReplayBuffer,
    PriorityIndex,
    ReplayBuffer,
    SegmentBatch,
    SequenceBatch,
)

_moved.install()

__all__ = [
    "Batch",
    "FrameBatch",
    "PrioritizedReplayBuffer",
    "PriorityIndex",
    "ReplayBuffer",
    "SegmentBatch",
    "SequenceBatch",
    "__version__",
]
