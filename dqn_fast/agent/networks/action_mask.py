"""Action masks: observations that say which actions are legal.

The key "action_mask" at the top of a dict observation holds one number per action, 0 where it is illegal. A
mask that makes every action illegal is ignored, since some action must be taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from torch import Tensor
from torch.nn import functional

from dqn_fast.observation_keys import ACTION_MASK

#: The value of an illegal action, and each of its outputs. It is finite, so that 0 times it is 0 in a target
#: that does not bootstrap.
ILLEGAL = torch.finfo(torch.float32).min


def has_action_mask(space: spaces.Space[Any], num_actions: int) -> bool:
    """Return whether observations of a space hold an action mask.

    Raises:
        TypeError: if the mask does not hold one integer or bool for each action.
    """
    if not isinstance(space, spaces.Dict) or ACTION_MASK not in space.spaces:
        return False
    mask = space.spaces[ACTION_MASK]
    fits = isinstance(mask, spaces.Box | spaces.MultiBinary) and mask.shape == (num_actions,)
    if not fits or np.issubdtype(mask.dtype, np.floating):
        raise TypeError(
            f"{ACTION_MASK}: got {mask}, expected a MultiBinary or a Box "
            f"of int8 or bool of the shape ({num_actions},), one for each action"
        )
    return True


def without_action_mask(space: spaces.Dict) -> spaces.Dict:
    """Return the space without the mask: its features."""
    return spaces.Dict({key: part for key, part in space.spaces.items() if key != ACTION_MASK})


def mask_illegal(outputs: Tensor, mask: Tensor) -> Tensor:
    """Return `outputs` with `ILLEGAL` for every output of an illegal action.

    Args:
        outputs: `(B, A)` float32, `(B, A, outputs per action)`, or `(B, n A + m)` of several heads: n with an
            output for each action, and m outputs of others, which stay.
        mask: `(B, A)` integers or bool; 0 marks an illegal action.
    """
    legal = mask.bool()
    illegal = ~legal & legal.any(1, keepdim=True)
    if outputs.dim() > 2:
        return outputs.masked_fill(illegal.unsqueeze(2), ILLEGAL)
    each = illegal.repeat(1, outputs.shape[1] // illegal.shape[1])
    return outputs.masked_fill(functional.pad(each, (0, outputs.shape[1] - each.shape[1])), ILLEGAL)


def legal_actions(obs: Any) -> npt.NDArray[np.bool_] | None:
    """Return which actions are legal, `(N, A)` bool, or None if the observations hold no mask.

    In a row without a legal action, all actions count as legal.

    Args:
        obs: N observations: an array or a dict of arrays, `(N, ...)` each.
    """
    if not isinstance(obs, dict) or ACTION_MASK not in obs:
        return None
    legal = np.asarray(obs[ACTION_MASK]).astype(np.bool_)
    legal |= ~legal.any(1, keepdims=True)
    return legal
