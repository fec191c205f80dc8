"""Acting: a Q-network's values and its greedy action, by the shortest way from arrays to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dqn_fast.agent.fast.backward import make_differentiable
from dqn_fast.agent.fast.core_network import ArrayQNetwork
from dqn_fast.agent.networks.layers import UnknownModuleError
from dqn_fast.agent.networks.q_network import QNetwork

#: Takes N observations, `(N, ...)` arrays or a (nested) dict of them, and returns q, `(N, A)` float32.
QValues = Callable[[Any], npt.NDArray[np.float32]]

# Multiplications, for all rows together, up to which the core is faster than PyTorch: measured at 1 to 64
# rows of perceptrons of 64 to 1024, and of the convolutions of MinAtar and Atari. AVX2 and AVX-512 are faster
# up to 2**21; the portable kernels are about as fast from 2**19 on.
_CORE_LIMIT = 2**20


def make_q_values(q_net: QNetwork) -> QValues:
    """Return a function from N observations to their action values, for acting.

    The C++ core computes it if it has a form of all modules of the network and N is small for its layers;
    PyTorch, without gradients, otherwise. The core reads the parameters where they are now: changes in place
    are seen, parameters that are put elsewhere later are not. The array that is returned is valid until the
    next call. A call with another N than the last takes longer.

    Args:
        q_net: the network to ask, on the CPU.
    """
    torch_values = make_differentiable(q_net)

    @torch.no_grad()
    def by_torch(obs: Any) -> npt.NDArray[np.float32]:
        values: npt.NDArray[np.float32] = torch_values(_tensors(obs)).numpy()
        return values

    try:
        by_core = ArrayQNetwork(q_net, 1)
    except UnknownModuleError:
        return by_torch
    most_rows = _CORE_LIMIT // by_core.multiplications

    def q_values(obs: Any) -> npt.NDArray[np.float32]:
        nonlocal by_core
        rows = _rows(obs)
        if rows > most_rows:
            return by_torch(obs)
        if rows != by_core.rows:
            by_core = ArrayQNetwork(q_net, rows)
        return by_core(obs)

    return q_values


class Greedy:
    """The action of the largest value for one observation; the first, if several are largest.

    Args:
        q_net: the network to ask; `make_q_values` says how.
    """

    def __init__(self, q_net: QNetwork) -> None:
        self._q_values = make_q_values(q_net)

    def __call__(self, obs: Any) -> int:
        """Return the greedy action.

        Args:
            obs: one observation as the environment gives it: an array, a number, or a (nested) dict of them.
        """
        return int(self._q_values(one_row(obs)).argmax())


def one_row(obs: Any) -> Any:
    """Return one observation as a batch of one: arrays `(1, ...)`, or a (nested) dict of them."""
    if isinstance(obs, dict):
        return {key: one_row(part) for key, part in obs.items()}
    return np.asarray(obs)[None]


def _rows(obs: Any) -> int:
    while isinstance(obs, dict):
        obs = next(iter(obs.values()))
    return len(obs)


def _tensors(obs: Any) -> Any:
    if isinstance(obs, dict):
        return {key: _tensors(part) for key, part in obs.items()}
    # A copy only of what PyTorch doesn't take as it is: flipped images, read-only arrays. An axis of length 1
    # can be flipped, and the array in C order all the same.
    array = np.require(obs, requirements=["C", "W"])
    return torch.from_numpy(array.copy() if min(array.strides, default=0) < 0 else array)
