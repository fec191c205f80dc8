"""The global random states of the process, which some environments use.

The run's own generators are saved with their owners.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def seed_process(seed: int) -> None:
    """Seed the global generators of Python, NumPy and PyTorch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)


def random_states() -> dict[str, Any]:
    """Return the states of the global generators."""
    is_used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if is_used else [],
    }


def restore_random_states(states: dict[str, Any]) -> None:
    """Restore the global generators from `states`, those of GPUs as far as there are as many."""
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])  # noqa: NPY002
    torch.set_rng_state(states["torch"])
    for index, state in enumerate(states.get("cuda", [])[: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, index)
