"""What both of CleanRL's buffers need: tensors, seeds, and when an observation is a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

ATARI_STACK = 4  # frames


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


def may_be_stack(shape: tuple[int, ...]) -> bool:
    """Return whether an observation of this shape may be a stack of Atari's four frames."""
    return len(shape) == 3 and shape[0] == ATARI_STACK


def frames_of_step(obs: Any, next_obs: Any) -> int:
    """Return how many frames the observations of a first step are stacks of: 4 of Atari's, or 1.

    They are stacks if the one is the other moved on by a frame that is not the last one again. A wrong answer
    costs memory, and nothing else.

    Args:
        obs: `(..., 4, height, width)`.
        next_obs: likewise.
    """
    frames, next_frames = np.moveaxis(obs, -3, 0), np.moveaxis(next_obs, -3, 0)
    has_moved = np.array_equal(next_frames[:-1], frames[1:])
    return ATARI_STACK if has_moved and not np.array_equal(next_frames[-1], frames[-1]) else 1
