"""The random states of the process.

The run's own generators are saved with their owners; these are for environments that use the process's.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def seed_process(seed: int) -> None:
    """Seed the process's own generators."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)


def random_states() -> dict[str, Any]:
    """Return the states of Python's, NumPy's and PyTorch's own generators."""
    return {"python": random.getstate(), "numpy": np.random.get_state(), "torch": torch.get_rng_state()}  # noqa: NPY002


def restore_random_states(states: dict[str, Any]) -> None:
    """Set them to what they were."""
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])  # noqa: NPY002
    torch.set_rng_state(states["torch"])
