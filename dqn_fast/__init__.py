"""dqn_fast: a replay memory for DQN with a C++ core.

>>> from dqn_fast import ReplayBuffer
>>> buffer = ReplayBuffer(10_000, seed=0)
>>> buffer.add([0.0, 1.0], 1, 0.5, [1.0, 0.0], terminated=False)
>>> batch = buffer.sample(32)
>>> batch.obs.shape, batch.discount.dtype
((32, 2), dtype('float32'))
"""

from __future__ import annotations

import os
import sys

# In a checkout this folder shadows the installed package: find the extension there all the same.
# pkgutil and pathlib would do it, and take as long to import as the rest of the package.
__path__ = [
    *__path__,
    *filter(os.path.isdir, (os.path.join(entry, __name__) for entry in sys.path)),  # noqa: PTH118
]

from dqn_fast import _extension  # noqa: F401  (first: it says why an extension does not fit)
from dqn_fast._version import __version__
from dqn_fast.batch import Batch
from dqn_fast.prioritized_replay import PrioritizedReplayBuffer
from dqn_fast.replay import ReplayBuffer

__all__ = ["Batch", "PrioritizedReplayBuffer", "ReplayBuffer", "__version__"]
