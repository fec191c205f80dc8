"""CleanRL's replay buffers: of `dqn.py`, `dqn_atari.py` and `c51.py`, and of `rainbow_atari.py`.

```python
from dqn_fast.dropin.cleanrl import ReplayBuffer  # instead of cleanrl_utils.buffers
from dqn_fast.dropin.cleanrl import PrioritizedReplayBuffer  # instead of the class in rainbow_atari.py
```

What the originals get wrong, and these do not (numbers of vwxyzjn/cleanrl's issues):

- #460: with `optimize_memory_usage`, the observation that a truncated episode ended with is overwritten
  by the next episode's first. Here each observation is stored once and all of them come back.
- #546: the prioritised tree puts leaves in a wrong order unless its size is a power of two. Here any
  capacity is drawn from exactly.
- #511: priorities of transitions that were overwritten meanwhile go to others. Here they are ignored.
- n-step returns of `rainbow_atari.py` cross truncated episodes, and an episode's last n - 1 steps are
  never drawn. Here a return ends with its episode, and every step of a terminated one is drawn.

The scripts' own lines for gymnasium 0.29 (`infos["final_observation"]`, issues #499 and #545) raise a
`KeyError` with 1.0 and later before they reach the buffer: there, make the environments with
`autoreset_mode=gym.vector.AutoresetMode.SAME_STEP` and read `infos["final_obs"]`.
"""

from dqn_fast.dropin.cleanrl.rainbow import PrioritizedBatch, PrioritizedReplayBuffer
from dqn_fast.dropin.cleanrl.replay import ReplayBuffer, ReplayBufferSamples

__all__ = ["PrioritizedBatch", "PrioritizedReplayBuffer", "ReplayBuffer", "ReplayBufferSamples"]
