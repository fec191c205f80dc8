"""cpprb's `ReplayBuffer`, `PrioritizedReplayBuffer` and `create_buffer`.

```python
from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer, ReplayBuffer
```

An `env_dict` of any names works. Values whose next value is stored too (`obs` and `next_obs`, or what
`next_of` names) are observations to the memory, which keeps each of them once; all others are fields of a
step. Departures from cpprb 11, all of them where it goes wrong or loses something:

- `indexes` name transitions for ever, as int64: `update_priorities` passes over those that were overwritten
  meanwhile, with any number of batches outstanding (`check_for_update` is always on), and a batch's arrays
  are its own (cpprb's `indexes` and `weights` change with its next call). The positions that `add` returns
  are taken as well.
- With `Nstep`, `done` counts all of a return's steps, as cpprb's manual has it (cpprb passes over the newest,
  so that one return of each episode bootstraps from beyond its end), and the last steps of an episode that
  ended without `done` have its last `next_obs` (cpprb gives values that were never added).
- `np.random.seed` decides prioritised draws, too.
- What a dtype cannot hold is a `TypeError`, and rows that differ in number a `ValueError`.

Not offered: `mmap_prefix`, and cpprb's other classes.
"""

from dqn_fast.dropin.cpprb.prioritized import PrioritizedReplayBuffer, create_buffer
from dqn_fast.dropin.cpprb.uniform import ReplayBuffer

__all__ = ["PrioritizedReplayBuffer", "ReplayBuffer", "create_buffer"]
