"""torchrl's `PrioritizedSampler` over a `PriorityIndex`: the same interface, none of its trees.

Longer than most files because torchrl's interface is wide and stands together.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torchrl.data.replay_buffers import samplers

from dqn_fast.checks import within
from dqn_fast.dropin.torchrl.indices import make_index, remade
from dqn_fast.dropin.torchrl.largest import LargestHeld
from dqn_fast.dropin.torchrl.leaves import distinct, index_of, leaves_of, priorities_of
from dqn_fast.dropin.torchrl.stamps import is_current
from dqn_fast.replay.internals import core_index, index_from_bytes, index_to_bytes, options_of
from dqn_fast.replay.priority_index import PriorityIndex

REDUCTIONS = ("max", "min", "median", "mean")


class PrioritizedSampler(samplers.PrioritizedSampler):  # type: ignore[misc]  # torchrl is untyped
    """Draws by priority (Schaul et al., 2016) from a storage of torchrl.

    It is one for whoever asks with `isinstance`, such as `TensorDictReplayBuffer.update_tensordict_priority`.
    As in torchrl, an item is drawn with a probability P proportional to `(priority + eps) ** alpha`, weighs
    `(P / smallest P) ** -beta` (`priority_weight`), and gets the largest priority so far when it is written;
    NumPy's generator decides the draws (`np.random.seed`), or the buffer's (`buffer.set_rng`).

    Args:
        max_capacity: of the storage; the trees grow if it turns out to hold more.
        alpha: exponent of the priorities, at least 0.
        beta: exponent of the weights, at least 0; may be set at any time.
        eps: added to every priority, so that none starves.
        dtype: of the weights, float32 or float64; the trees are of float64.
        reduction: of several priorities of one item, such as those of a stored trajectory: `"max"`, `"min"`,
            `"median"` or `"mean"`.
        max_priority_within_buffer: new items get the largest priority of the items held, rather than the
            largest that was ever given; after the item that had it is updated, finding it is O(max_capacity).
        device: of the trees, None or the CPU; storages may be elsewhere.
        stratified: one draw in each equal part of the total priority, as in the paper, rather than
            independent draws, as in torchrl.

    Raises:
        NotImplementedError: if the trees should be on another device.
        TypeError: if a number is none.
        ValueError: if an argument is out of its range.
    """

    def __init__(
        self,
        max_capacity: int,
        alpha: float,
        beta: float,
        eps: float = 1e-8,
        dtype: torch.dtype = torch.float,
        reduction: str = "max",
        max_priority_within_buffer: bool = False,
        device: torch.device | str | None = None,
        *,
        stratified: bool = False,
    ) -> None:
        if alpha < 0:  # torchrl's words
            raise ValueError(f"alpha must be greater or equal than 0, got alpha={alpha}")
        if beta < 0:
            raise ValueError(f"beta must be greater or equal to 0, got beta={beta}")
        if dtype not in (torch.float32, torch.float64):
            raise ValueError(f"dtype: got {dtype}, expected torch.float32 or torch.float64")
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction: got {reduction!r}, expected one of {REDUCTIONS}")
        if device is not None and torch.device(device).type != "cpu":
            raise NotImplementedError(
                f"device: got {device}, expected None or 'cpu' for the trees; the storage may be elsewhere"
            )
        self._max_capacity = max_capacity
        self.dtype, self.reduction = dtype, reduction
        self._beta = within("beta", beta, 0)
        self._index = make_index(max_capacity, alpha, eps, stratified)
        self._largest = LargestHeld() if max_priority_within_buffer else None

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, beta={self.beta}, eps={self.eps}, "
            f"reduction={self.reduction})"
        )

    # --- what torchrl's buffers call ------------------------------------------------------------

    def sample(self, storage: Any, batch_size: int) -> tuple[Any, dict[str, Any]]:
        """Draw items by priority, with replacement.

        Args:
            storage: where they are.
            batch_size: how many.

        Returns:
            Where they lie, int64 (batch_size,), or a tuple of one for each dimension of the storage; and
            their weights as `priority_weight`, (batch_size,).

        Raises:
            RuntimeError: if the storage is empty, or none of its items has a priority.
            ValueError: if every priority is zero, or `batch_size` is less than 1.
        """
        held = len(storage)
        if held == 0:
            raise RuntimeError("Cannot sample from an empty storage.")
        if len(self._index) > held:
            self._forget_from(held)
        if len(self._index) == 0:
            raise RuntimeError(
                f"sample: got a storage of {held} items without priorities, expected mark_update of them"
            )
        self._index.reseed(self._next_seed())
        ids, weights = self._index.sample(batch_size, beta=self._beta)
        weight = torch.from_numpy(weights)
        if weight.dtype != self.dtype:
            weight = weight.to(self.dtype)
        return index_of(ids % self._index.capacity, storage), {"priority_weight": weight}

    def mark_update(self, index: Any, *, storage: Any = None) -> None:
        """Give items that were just written the largest priority so far; buffers call it at every write."""
        leaves = leaves_of(index, storage).reshape(-1)
        leaves = leaves[leaves >= 0]
        self._make_room(leaves, storage)
        self._add(distinct(leaves))

    def _add(self, leaves: npt.NDArray[np.int64]) -> None:
        self._index.add(at=leaves, priority=None if self._largest is None else self.default_priority)

    def add(self, index: Any) -> None:
        """Do nothing: `mark_update` came before."""

    def extend(self, index: Any) -> None:
        """Do nothing: `mark_update` came before."""

    def update_priority(
        self, index: Any, priority: Any, *, storage: Any = None, generation: Any = None
    ) -> None:
        """Give items new priorities, usually absolute TD errors; the last of repeated ones wins.

        Args:
            index: from `sample`; -1 is left out.
            priority: at least 0 and finite; a number, or one for each.
            storage: needed if it has several dimensions, or with `generation`.
            generation: `info["index_generation"]` of the batch, from a writer that tracks generations: an
                item that was written again since is left out, rather than given the priority of the one
                before it. Buffers do not pass it on: call the sampler itself.

        Raises:
            IndexError: if there is no such item.
            RuntimeError: if the priorities are more or fewer, or a storage is needed.
            TypeError: if they are not numbers.
            ValueError: if a priority is NaN, infinite, negative or too large, or there are no generations.
        """
        leaves = leaves_of(index, storage)
        priorities = priorities_of(priority, leaves)
        leaves = leaves.reshape(-1)
        kept = leaves >= 0
        if not kept.all():
            leaves, priorities = leaves[kept], priorities[kept]
        self._make_room(leaves, storage)
        core = core_index(self._index)
        ids = core.ids_at(leaves)
        if generation is not None:  # after the ids were read: what is written from now on makes them stale
            kept = is_current(index, generation, storage)[kept] & (ids >= 0)
            ids, priorities = ids[kept], priorities[kept]
        elif (ids < 0).any():  # never marked: the storage was filled before the sampler came
            self._add(distinct(leaves[ids < 0]))
            ids = core.ids_at(leaves)
        if self._largest is not None:
            self._largest.before(core, ids)
        self._index.update(ids, priorities)
        if self._largest is not None:
            self._largest.after(core, ids)

    @property
    def default_priority(self) -> float:
        """The priority of a new item: the largest so far, at least 1, or that of the items held."""
        core = core_index(self._index)
        if self._largest is not None and self.alpha > 0:  # at 0 masses do not tell the priorities
            mass = self._largest.mass(core)
            return max(0.0, mass ** (1 / self.alpha) - self.eps) if mass > 0 else 1.0
        return max(1.0, core.largest_priority - self.eps)

    def _empty(self) -> None:
        self._index.clear()
        self._forget_largest()

    # --- what it is -----------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        """The trees' device."""
        return torch.device("cpu")

    @property
    def eps(self) -> float:
        """What is added to every priority."""
        return options_of(self._index).eps

    @property
    def beta(self) -> float:
        """Exponent of the weights."""
        return self._beta

    @beta.setter
    def beta(self, value: float) -> None:
        self._beta = within("beta", value, 0)

    @property
    def alpha(self) -> float:
        """Exponent of the priorities. To set it takes O(max_capacity): it transforms every item's mass.

        From exactly 0 the priorities cannot be told any more: items keep equal masses until they are updated,
        and a warning says so.
        """
        return options_of(self._index).alpha

    @alpha.setter
    def alpha(self, value: float) -> None:
        if value < 0:
            raise ValueError(f"alpha must be greater or equal than 0, got alpha={value}")
        if value != self.alpha:
            self._index = remade(self._index, alpha=float(value))
            self._forget_largest()

    # --- saving ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return priorities and settings; `index` is a uint8 tensor, so that `torch.load` needs no pickle."""
        data = np.frombuffer(index_to_bytes(self._index), np.uint8)
        settings = {"max_capacity": self.max_size, "beta": self._beta}
        return {**settings, "index": torch.from_numpy(data.copy())}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what `state_dict` returned: priorities, alpha, beta and eps.

        Raises:
            ValueError: if it is of another sampler, or of another capacity.
        """
        if "index" not in state_dict:
            raise ValueError(
                f"state_dict: got keys {sorted(state_dict)}, expected those of this sampler: 'beta', 'index'"
            )
        self._take(index_from_bytes(state_dict["index"].numpy().tobytes()), state_dict)

    def dumps(self, path: str | Path) -> None:
        """Write priorities and settings into a folder, which is made if it is not there."""
        folder = Path(path).absolute()
        folder.mkdir(exist_ok=True)
        self._index.save(folder / "priorities.dqn_fast")
        metadata = json.dumps({"max_capacity": self.max_size, "beta": self._beta})
        (folder / "sampler_metadata.json").write_text(metadata, "utf-8")

    def loads(self, path: str | Path) -> None:
        """Read what `dumps` wrote.

        Raises:
            OSError: if a file cannot be read.
            ValueError: if one is damaged, or of another capacity.
        """
        folder = Path(path).absolute()
        metadata = json.loads((folder / "sampler_metadata.json").read_text("utf-8"))
        self._take(PriorityIndex.load(folder / "priorities.dqn_fast"), metadata)

    def _take(self, index: PriorityIndex, settings: dict[str, Any]) -> None:
        if settings["max_capacity"] != self.max_size:
            raise ValueError(
                f"max_capacity: got a saved sampler of {settings['max_capacity']}, expected {self.max_size}"
            )
        self._beta, self._index = within("beta", settings["beta"], 0), index
        self._forget_largest()

    def _next_seed(self) -> int:
        """Return a seed from the generator that torchrl's sampler would draw from."""
        if self._rng is None:
            return int(np.random.randint(2**63 - 1, dtype=np.int64))  # noqa: NPY002  (the one that users seed)
        device = self._rng.device
        return int(torch.randint(2**63 - 1, (), generator=self._rng, device=device))

    def _make_room(self, leaves: npt.NDArray[np.int64], storage: Any) -> None:
        """Have leaves for all that a storage holds, which may be more than it was said to.

        torchrl rounds storages of several dimensions up, and its trees up to a power of two.
        """
        last, capacity = int(leaves.max(initial=0)), self._index.capacity
        if last >= capacity and storage is not None and (last < len(storage) or storage.ndim > 1):
            self._index = remade(self._index, capacity=max(last + 1, 2 * capacity))

    def _forget_from(self, first: int) -> None:
        """Let go what a storage that became shorter does not hold any more."""
        ids = core_index(self._index).ids_at(np.arange(first, self._index.capacity))
        self._index.remove(ids[ids >= 0])
        self._forget_largest()

    def _forget_largest(self) -> None:
        if self._largest is not None:
            self._largest.forget()
