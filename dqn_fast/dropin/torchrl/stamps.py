"""torchrl's generations: how often each slot of a storage was written, where the writer counts it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch


def is_current(index: Any, generation: Any, storage: Any) -> npt.NDArray[np.bool_]:
    """Return of each item whether its slot was not written since it had this generation.

    Args:
        index: from a batch.
        generation: of the same batch, `info["index_generation"]`; -1, which says that torchrl does not know,
            counts as current.
        storage: where the items are.

    Returns:
        bool (B,).

    Raises:
        ValueError: if the storage's writer counts no generations, or there are more or fewer than items.
    """
    writers = [
        entity.writer
        for entity in getattr(storage, "_attached_entities", ())
        if entity.writer.tracks_generations
    ]
    if not writers:
        raise ValueError(
            "generation: got one, expected none unless a writer counts them: "
            "ReplayBuffer(writer=RoundRobinWriter(track_generations=True)), and storage=buffer.storage"
        )
    now = writers[0].generations_of(index).reshape(-1).cpu().numpy()
    then = torch.as_tensor(generation).reshape(-1).cpu().numpy()
    if now.shape != then.shape:
        raise ValueError(f"generation: got {len(then)}, expected {len(now)}, one for each item")
    current: npt.NDArray[np.bool_] = (now == then) | (then < 0)
    return current
