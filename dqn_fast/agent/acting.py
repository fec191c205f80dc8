"""Acting: a Q-network's values and its greedy action, by the shortest way from arrays to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dqn_fast.agent.differentiable import make_differentiable
from dqn_fast.agent.layers import UnknownModuleError
from dqn_fast.agent.networks import QNetwork
from dqn_fast.agent.numpy_network import NumpyQNetwork

#: Takes N observations, `(N, ...)` arrays or a (nested) dict of them, and returns q, `(N, A)` float32.
QValues = Callable[[Any], npt.NDArray[np.float32]]

# Multiplications of the largest layer, for all rows together, up to which NumPy is faster than PyTorch.
# It is where OpenBLAS, which NumPy comes with, leaves its kernels for small matrices and begins to use
# several threads: below it one thread computes everything. Measured at 1 to 64 rows and widths 64 to 512.
_NUMPY_LIMIT = 2**18


def make_q_values(q_net: QNetwork) -> QValues:
    """Return a function from N observations to their action values, for acting.

    NumPy computes it if it knows all modules of the network and N is small for its layers; PyTorch, without
    gradients, otherwise. NumPy reads the parameters where they are now: changes in place are seen, parameters
    that are put elsewhere later are not. The array that is returned is valid until the next call. A call with
    another N than the last takes longer.

    Args:
        q_net: the network to ask, on the CPU.
    """
    torch_values = make_differentiable(q_net)

    @torch.no_grad()
    def by_torch(obs: Any) -> npt.NDArray[np.float32]:
        values: npt.NDArray[np.float32] = torch_values(_tensors(obs)).numpy()
        return values

    try:
        by_numpy = NumpyQNetwork(q_net, 1)
    except UnknownModuleError:
        return by_torch
    most_rows = _NUMPY_LIMIT // by_numpy.multiplications

    def q_values(obs: Any) -> npt.NDArray[np.float32]:
        nonlocal by_numpy
        rows = _rows(obs)
        if rows > most_rows:
            return by_torch(obs)
        if rows != by_numpy.rows:
            by_numpy = NumpyQNetwork(q_net, rows)
        return by_numpy(obs)

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
    # A copy only of what PyTorch doesn't take as it is: flipped images, read-only arrays.
    return torch.from_numpy(np.require(obs, requirements=["C", "W"]))
