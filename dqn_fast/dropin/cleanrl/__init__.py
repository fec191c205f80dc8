"""CleanRL's replay buffers: that of `dqn.py`, `dqn_atari.py` and `c51.py`, and that of `rainbow_atari.py`.

```python
from dqn_fast.dropin.cleanrl import ReplayBuffer  # instead of cleanrl_utils.buffers
from dqn_fast.dropin.cleanrl import PrioritizedReplayBuffer  # instead of the class in rainbow_atari.py
```

What the originals get wrong and these get right (with issues of vwxyzjn/cleanrl):

- With `optimize_memory_usage` (#460), the next episode's first observation overwrites the last one of a
  truncated episode. Here all observations come back, and each is stored once in any case.
- The prioritised tree (#546) orders its leaves wrongly unless its size is a power of two. Here any capacity
  is drawn from exactly.
- Priorities of transitions that were overwritten meanwhile (#511) go to others. Here they are ignored.
- The n-step returns of `rainbow_atari.py` cross truncated episodes, and the last n - 1 steps of an episode
  are never drawn. Here a return ends with its episode, and every step of a terminated episode is drawn.

The scripts are written for Gymnasium 0.29. With 1.0 and later, `infos["final_observation"]` is a `KeyError`
before it reaches the buffer (issues #499 and #545): make the environments with
`autoreset_mode=gym.vector.AutoresetMode.SAME_STEP`, and read `infos["final_obs"]`.
"""

from dqn_fast.dropin.cleanrl.rainbow import PrioritizedBatch, PrioritizedReplayBuffer
from dqn_fast.dropin.cleanrl.replay import ReplayBuffer, ReplayBufferSamples

__all__ = ["PrioritizedBatch", "PrioritizedReplayBuffer", "ReplayBuffer", "ReplayBufferSamples"]
