"""The device of a run's network: the CPU, or a GPU."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from gymnasium import spaces
from torch import nn

from dqn_fast.agent import QNetwork, SequenceNetwork, try_q_net
from dqn_fast.agent.networks.pretrained import CausalBody, WholeTextReader
from dqn_fast.errors import SettingError
from dqn_fast.training.config import TrainConfig

# Modules that a GPU makes faster at the sizes of DQN; for small dense layers its calls alone take longer.
_GAINS: dict[str, tuple[type[nn.Module], ...]] = {
    "networks that remember gain by it": (SequenceNetwork, nn.RNNBase, nn.MultiheadAttention),
    "bodies gain by it": (CausalBody, WholeTextReader),
    "convolutions gain by it": (nn.Conv1d, nn.Conv2d, nn.Conv3d),
}


class Placement(NamedTuple):
    """Where a network is, and why.

    Attributes:
        device: of the network.
        why: in words; empty where a person chose the device.
    """

    device: torch.device
    why: str = ""

    def __str__(self) -> str:
        return f"on {self.device}" + (f", since {self.why}" if self.why else "")


def placement_of(config: TrainConfig, q_net: nn.Module) -> Placement:
    """Return where the network of a run belongs.

    Raises:
        SettingError: if there is no such device.
    """
    if config.device != "auto":
        return Placement(find_device(config.device))
    gpu = next((name for name in ("cuda:0", "mps") if name in _devices()), None)
    if gpu is None:
        return Placement(torch.device("cpu"), "PyTorch finds no GPU")
    for why, kinds in _GAINS.items():
        if any(isinstance(module, kinds) for module in q_net.modules()):
            return Placement(find_device(gpu), why)
    return Placement(torch.device("cpu"), "small dense layers are fastest there")


def placed(config: TrainConfig, q_net: QNetwork, observation_space: spaces.Space[Any]) -> QNetwork:
    """Return a network on the device of its run; it is the same object.

    Raises:
        SettingError: if there is no such device, or it has too little memory, or the network does not run
            there.
    """
    device = placement_of(config, q_net).device
    if device.type == "cpu":
        return q_net
    try:
        q_net.to(device)
        if ":" in config.network:  # a class of a person's own may make tensors on the CPU
            try_q_net(q_net, observation_space, device)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        reason = (" ".join(str(error).split()) or type(error).__name__)[:300]
        raise SettingError("device", device, f"one that the network runs on: {reason}") from error
    return q_net


def find_device(name: str) -> torch.device:
    """Return the device of a name such as cuda:1; cuda alone is the first one.

    Raises:
        SettingError: if PyTorch does not find it.
    """
    full, found = "cuda:0" if name == "cuda" else name, _devices()
    if full not in found:
        raise SettingError("device", name, f"auto or one that PyTorch finds here: {', '.join(found)}")
    return torch.device(full)


def _devices() -> list[str]:
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count())), *mps]
