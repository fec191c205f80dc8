"""Action masks: which actions are legal, said by the observation itself.

The key "action_mask" at the top of a dict observation holds one number per action, 0 where it is illegal. An
observation that says so of every action masks nothing: there is no other choice to make.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from torch import Tensor

from dqn_fast.observation_keys import ACTION_MASK

#: The value of an illegal action, and each of its outputs. It is finite, so that 0 times it is 0 in a target
#: that doesn't bootstrap.
ILLEGAL = torch.finfo(torch.float32).min


def has_action_mask(space: spaces.Space[Any], num_actions: int) -> bool:
    """Return whether observations of a space hold an action mask.

    Raises:
        TypeError: if they do, and it doesn't hold one whole number or bool for each action.
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
    """Return the space of the features: everything but the mask."""
    return spaces.Dict({key: part for key, part in space.spaces.items() if key != ACTION_MASK})


def mask_illegal(outputs: Tensor, mask: Tensor) -> Tensor:
    """Return `outputs` with all those of illegal actions replaced by `ILLEGAL`.

    Args:
        outputs: `(B, A)` float32, or `(B, A, outputs per action)`.
        mask: not 0 where an action is legal, `(B, A)` of whole numbers or bool.
    """
    legal = mask.bool()
    illegal = ~legal & legal.any(1, keepdim=True)
    return outputs.masked_fill(illegal if outputs.dim() == 2 else illegal.unsqueeze(2), ILLEGAL)


def legal_actions(obs: Any) -> npt.NDArray[np.bool_] | None:
    """Return which actions may be taken, `(N, A)` bool, or None if the observations hold no mask.

    Every row has at least one legal action: where none is, all are.

    Args:
        obs: N observations: an array or a dict of arrays, `(N, ...)` each.
    """
    if not isinstance(obs, dict) or ACTION_MASK not in obs:
        return None
    legal = np.asarray(obs[ACTION_MASK]).astype(np.bool_)
    legal |= ~legal.any(1, keepdims=True)
    return legal
