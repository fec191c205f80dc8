"""cpprb's `ReplayBuffer`, `PrioritizedReplayBuffer` and `create_buffer`.

```python
from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer, ReplayBuffer
```

Any names in `env_dict` work. Values whose next value is stored, too (`obs` and `next_obs`, or those that
`next_of` names), are observations, and each is stored once. All other values are extra fields of a step.
Where cpprb 11 goes wrong or loses something, this differs:

- `indexes` stay valid for ever, as int64. `update_priorities` ignores transitions that were overwritten
  meanwhile, however many batches are outstanding (`check_for_update` is always on). It takes the positions
  that `add` returns, too.
- The arrays of a batch are its own; cpprb's `indexes` and `weights` change with its next call.
- With `Nstep`, `done` covers all steps of a return, as cpprb's manual says. cpprb leaves out the newest, so
  that one return of each episode bootstraps from beyond the episode's end.
- With `Nstep`, the last steps of an episode that ended without `done` have its last `next_obs`; cpprb returns
  values that were never added.
- `np.random.seed` decides prioritised draws, too.
- Values that a dtype cannot hold are a `TypeError`, and columns of different lengths a `ValueError`.

`mmap_prefix` and cpprb's other classes are missing.
"""

from dqn_fast.dropin.cpprb.prioritized import PrioritizedReplayBuffer, create_buffer
from dqn_fast.dropin.cpprb.uniform import ReplayBuffer

__all__ = ["PrioritizedReplayBuffer", "ReplayBuffer", "create_buffer"]
