"""What both of CleanRL's buffers need: tensors, seeds, and the guess whether an observation is a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

ATARI_STACK = 4  # frames


def tensor(values: Any, device: torch.device) -> torch.Tensor:
    """Return an array as a tensor on a device."""
    tensor = torch.from_numpy(values)
    return tensor if device.type == "cpu" else tensor.to(device)


def device_of(device: torch.device | str) -> torch.device:
    """Return the device, or the CPU if there is no GPU; "auto" is a GPU if there is one."""
    device = torch.device("cuda" if device == "auto" else device)
    return torch.device("cpu") if device.type == "cuda" and not torch.cuda.is_available() else device


def seed_of_numpy() -> int:
    """Draw a seed from NumPy's generator, which CleanRL draws from: so `np.random.seed` decides all draws."""
    return int(np.random.randint(2**63))  # noqa: NPY002


def may_be_stack(shape: tuple[int, ...]) -> bool:
    """Return whether an observation of this shape may be a stack of Atari's four frames."""
    return len(shape) == 3 and shape[0] == ATARI_STACK


def frames_of_step(obs: Any, next_obs: Any) -> int:
    """Return the number of frames in the observations of a first step: 4 if they are Atari's stacks, else 1.

    They are stacks if `next_obs` is `obs` moved on by one new frame. A wrong answer costs memory, and nothing
    else.

    Args:
        obs: `(..., 4, height, width)`.
        next_obs: `(..., 4, height, width)`.
    """
    frames, next_frames = np.moveaxis(obs, -3, 0), np.moveaxis(next_obs, -3, 0)
    has_moved = np.array_equal(next_frames[:-1], frames[1:])
    return ATARI_STACK if has_moved and not np.array_equal(next_frames[-1], frames[-1]) else 1
