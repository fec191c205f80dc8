"""The replay memory of PyTorch's DQN tutorial: `push` tensors, `sample` a list of `Transition`s.

```python
from dqn_fast.dropin.pytorch_tutorial import ReplayMemory, Transition
```

The tutorial's loop runs unchanged. Its memory keeps four tensors per transition; this one keeps their
numbers, and each state once.
"""

from __future__ import annotations

import random
from collections import namedtuple
from functools import partial
from typing import Any

import numpy as np
import torch

from dqn_fast.dropin._experiences.tensor_rows import tensor_rows
from dqn_fast.dropin._experiences.widening import Array, wider, with_states
from dqn_fast.dropin._experiences.words import in_the_callers_words
from dqn_fast.replay import ReplayBuffer
from dqn_fast.replay.fields import tensor_numbers

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
_transition = partial(tuple.__new__, Transition)  # Transition._make, and faster


class ReplayMemory:
    """Holds the newest `capacity` transitions (Lin, 1992).

    Args:
        capacity: transitions to hold.

    Raises:
        ValueError: if `capacity` is less than 1.
    """

    def __init__(self, capacity: int) -> None:
        # The tutorial draws from `random`. The seed comes from there, so `random.seed` decides all draws.
        self._buffer = ReplayBuffer(capacity, seed=random.getrandbits(64))
        self._forms: tuple[_Form, ...] = ()  # of state, action, next state, reward
        self._has_one_action = True
        # The last next state: the tensor, the address of its numbers, and an array of them.
        self._last: tuple[Any, Any, Any] = (None, None, None)

    def __len__(self) -> int:
        return len(self._buffer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} of {self._buffer.capacity:,} transitions)"

    def push(self, state: Any, action: Any, next_state: Any, reward: Any) -> None:
        """Store a transition of tensors. Those on another device are copied from it, and back when sampled.

        Args:
            state: a tensor of any shape, such as (1, n), the same in all transitions.
            action: a tensor of any shape, such as (1, 1), the same in all transitions.
            next_state: a tensor like `state`; None if the episode ended.
            reward: a tensor of one element.

        Raises:
            TypeError: if a tensor is of another kind than in the first transition; floats may follow states
                of whole numbers.
            ValueError: if a shape differs.
        """
        last, address, obs = self._last
        if state is not last or state.data_ptr() != address:
            obs = _array(state)
        after = obs if next_state is None else _array(next_state)
        forms, has_one_action = self._forms, self._has_one_action
        if forms:
            act, gain = action.item() if has_one_action else _array(action), reward.item()
        else:
            forms = (_Form(state), _Form(action), _Form(state), _Form(reward, floating=True))
            has_one_action = action.numel() == 1
            act = np.asarray(action.item() if has_one_action else _array(action), forms[1].dtype)
            gain = np.asarray(reward.item(), forms[3].dtype)
            dtype = wider(obs.dtype, [obs, after], tuple)
            obs, after = obs.astype(dtype, copy=False), after.astype(dtype, copy=False)
        try:
            self._buffer.add(obs, act, gain, after, next_state is None)
        except (TypeError, ValueError) as error:
            buffer = self._widened(obs, after)
            try:
                buffer.add(obs, act, gain, after, next_state is None)
            except (TypeError, ValueError):
                raise in_the_callers_words(error) from None
            self._buffer = buffer
        self._forms, self._has_one_action = forms, has_one_action
        self._last = (next_state, next_state is not None and next_state.data_ptr(), after)

    def _widened(self, state: Array, next_state: Array) -> ReplayBuffer:
        """Return a buffer of the same that has room for these states, or the buffer itself."""
        schema = self._buffer.schema
        if schema is None:
            return self._buffer
        held = self._buffer.transitions()
        dtype = wider(schema.obs.dtype, [state, next_state], lambda: (held.obs, held.next_obs))
        if dtype == schema.obs.dtype:
            return self._buffer
        states, next_states = held.obs.astype(dtype), held.next_obs.astype(dtype)
        return with_states(self._buffer, states, next_states, random.getrandbits(64))

    def sample(self, batch_size: int) -> list[Any]:
        """Draw different transitions; return a list of `Transition`.

        Their elements stand for tensors of the shapes that were pushed. `torch.cat` joins them in one step;
        see `TensorRow`.

        Raises:
            ValueError: if it holds fewer.
        """
        batch = self._buffer.sample(batch_size, replacement=False)
        columns = (batch.obs, batch.action, batch.next_obs, batch.reward)
        fields = [form.rows(column) for form, column in zip(self._forms, columns, strict=True)]
        for row in batch.terminated.nonzero()[0].tolist():
            fields[2][row] = None
        return list(map(_transition, zip(*fields, strict=True)))


class _Form:
    """Shape and dtype of the tensors of a field, and the device if it is not the CPU."""

    tensor_dtype: torch.dtype | None = None  # if NumPy has none like it: bfloat16

    def __init__(self, first: torch.Tensor, floating: bool = False) -> None:
        self.shape, self.dtype = tuple(first.shape), _array(first).dtype
        if floating and self.dtype.kind != "f":
            self.dtype = np.dtype(np.float32)  # a first reward of 0 does not mean integers
        elif str(first.dtype) != f"torch.{self.dtype}":
            self.tensor_dtype = first.dtype
        self.device = None if first.is_cpu else first.device

    def rows(self, values: np.ndarray[Any, Any]) -> list[Any]:
        """Return the rows of a stored column, as stand-ins for tensors."""
        if values.shape[1:] != self.shape:
            values = values.reshape(len(values), *self.shape)
        return tensor_rows(values, self.device, self.tensor_dtype)


def _array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a tensor's numbers as an array, without a copy if they are on the CPU."""
    try:
        return tensor.numpy()
    except (RuntimeError, TypeError):  # it requires a gradient, is on another device, or of another type
        return tensor_numbers(tensor.cpu())
