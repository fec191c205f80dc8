"""What both of CleanRL's buffers need: tensors, seeds, and when an observation is a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

ATARI_STACK = 4  # frames; the length of the first axis by which stacks are recognised


def tensor(values: Any, device: torch.device) -> torch.Tensor:
    """An array as a tensor on a device."""
    tensor = torch.from_numpy(values)
    return tensor if device.type == "cpu" else tensor.to(device)


def device_of(device: torch.device | str) -> torch.device:
    """The device, or the CPU where there is no GPU; "auto" is a GPU if there is one."""
    device = torch.device("cuda" if device == "auto" else device)
    return torch.device("cpu") if device.type == "cuda" and not torch.cuda.is_available() else device


def seed_of_numpy() -> int:
    """From NumPy's generator, which CleanRL seeds and draws from: `np.random.seed` still decides all."""
    return int(np.random.randint(2**63))  # noqa: NPY002


def stack_of(shape: tuple[int, ...]) -> int:
    """Frames of an observation of this shape: 4 of Atari's, or 1."""
    return ATARI_STACK if len(shape) == 3 and shape[0] == ATARI_STACK else 1
