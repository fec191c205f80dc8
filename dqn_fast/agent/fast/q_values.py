"""Action values for acting, from arrays to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dqn_fast import trees
from dqn_fast.agent.fast.backward import make_differentiable
from dqn_fast.agent.fast.core_network import CoreQNetwork
from dqn_fast.agent.fast.known_modules import UnknownModuleError
from dqn_fast.agent.networks.q_network import QNetwork

#: Takes N observations, `(N, ...)` arrays or a (nested) dict of them, and returns q, `(N, A)` float32.
QValues = Callable[[Any], npt.NDArray[np.float32]]

# Multiplications, for all rows together, up to which the core is faster than PyTorch.
_CORE_LIMIT = 2**20


def make_q_values(q_net: QNetwork) -> QValues:
    """Return a function from N observations to their action values, for acting.

    The function runs in the C++ core if every module has a counterpart there and N is small for its layers,
    and in PyTorch otherwise. The core reads the parameters in place: it sees changes of their values, but not
    parameters that move in memory. The returned array is valid until the next call. A call with another N
    than the last one takes longer.

    Args:
        q_net: the network to ask, on any device; it stays there.
    """
    network, as_input = make_differentiable(q_net), tensor_maker(device_of(q_net))

    @torch.no_grad()
    def by_torch(obs: Any) -> npt.NDArray[np.float32]:
        values: npt.NDArray[np.float32] = as_array(network.values(network(trees.map(as_input, obs))))
        return values

    most_rows = core_rows(q_net)
    if not most_rows:
        return by_torch
    by_core = CoreQNetwork(q_net, 1)

    def q_values(obs: Any) -> npt.NDArray[np.float32]:
        nonlocal by_core
        rows = len(obs) if isinstance(obs, np.ndarray) else trees.length(obs)
        if rows > most_rows:
            return by_torch(obs)
        if rows != by_core.rows:
            by_core = CoreQNetwork(q_net, rows)
        return by_core(obs)

    return q_values


def core_rows(q_net: QNetwork) -> int:
    """Return for how many observations at most the C++ core is faster than PyTorch; 0 if it never is.

    Args:
        q_net: the network to ask, on the CPU.
    """
    try:
        return _CORE_LIMIT // CoreQNetwork(q_net, 1).multiplications
    except UnknownModuleError:
        return 0


def as_tensor(array: Any) -> torch.Tensor:
    """Return an array of observations as a tensor over the same memory.

    Copied is only what PyTorch refuses: flipped images and read-only arrays.
    """
    # With a flipped axis of length 1, an array is still in C order.
    array = np.require(array, requirements=["C", "W"])
    return torch.from_numpy(array.copy() if min(array.strides, default=0) < 0 else array)


def tensor_maker(device: torch.device) -> Callable[[Any], torch.Tensor]:
    """Return a function that gives an array of observations as a tensor on a device."""
    if device.type == "cpu":
        return as_tensor
    return lambda array: as_tensor(array).to(device)


def as_array(tensor: torch.Tensor) -> npt.NDArray[Any]:
    """Return a tensor as an array: over the same memory on the CPU, copied from another device."""
    array: npt.NDArray[Any] = (tensor if tensor.device.type == "cpu" else tensor.cpu()).numpy()
    return array


def device_of(module: nn.Module) -> torch.device:
    """Return the device of a module's parameters; without any, the CPU."""
    return next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
