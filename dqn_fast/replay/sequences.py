"""What `sample_sequences` returns: rows of consecutive steps, for recurrent networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dqn_fast.replay.batch import ArrayBatch, ArrayT, ObsT

if TYPE_CHECKING:
    import torch

    from dqn_fast.replay.batch import TensorObsT


class SequenceBatch(ArrayBatch[ArrayT, ObsT]):
    """A batch of B sequences of T = burn_in + length steps, in arrays or in tensors; its length is B.

    Every row is a run of stored steps of one segment, aligned left; what lies behind its end is zero. Its
    columns are acted and context steps. A learner runs its network once over `obs` and takes
    `reward + discount * value[b, bootstrap]` as the target of each cell where `learn` is set.

    Attributes:
        obs: observations, shape (B, T + n_step, ...): those of the steps, and those behind the last one up
            to the last that is bootstrapped from; a dict of arrays for dict observations.
        action: shape (B, T, ...); zero where nobody acted.
        reward: n-step returns of the transitions that begin at the steps, as in `Batch`. Shape (B, T).
        discount: what the bootstrap is multiplied by, as in `Batch`. Shape (B, T).
        terminated: bool (B, T), as in `Batch`.
        truncated: bool (B, T), as in `Batch`.
        bootstrap: int64 (B, T), the column of `obs` to bootstrap from; of a context step, its own.
        mask: bool (B, T), whether there is an acted or a context step.
        acted: bool (B, T), whether there is an acted one.
        learn: bool (B, T), whether to learn from a step: it is acted, not burnt in, and its bootstrap has a
            column. Where long context lies inside a segment it may have none; `sample_segments` is the view
            to take there.
        is_first: bool (B,), whether column 0 is the first step of its segment, so that a recurrent state
            starts anew.
        weights: importance weights of the drawn steps, float32 (B,).
        indices: int64 (B,), the drawn steps: those with which the part to learn from begins.
        step_indices: int64 (B, T), of every acted step, else -1; filter by `learn` before
            `update_priorities`.
        extra: extra fields of the steps, by name, shape (B, T, ...); zero where nobody acted.
        previous_action: shape (B, T + n_step, ...), what was done in the step before; zero at a segment's
            start, behind context, and where that step is not held any more. None unless asked for.
        previous_reward: shape (B, T + n_step), what that step earned by itself. None unless asked for.
    """

    _counted = "sequences"
    __slots__ = (
        "acted",
        "action",
        "bootstrap",
        "discount",
        "extra",
        "indices",
        "is_first",
        "learn",
        "mask",
        "obs",
        "previous_action",
        "previous_reward",
        "reward",
        "step_indices",
        "terminated",
        "truncated",
        "weights",
    )

    obs: ObsT
    action: ArrayT
    reward: ArrayT
    discount: ArrayT
    terminated: ArrayT
    truncated: ArrayT
    bootstrap: ArrayT
    mask: ArrayT
    acted: ArrayT
    learn: ArrayT
    is_first: ArrayT
    weights: ArrayT
    indices: ArrayT
    step_indices: ArrayT
    extra: dict[str, ArrayT]
    previous_action: ArrayT | None
    previous_reward: ArrayT | None

    def __init__(self) -> None:
        self.previous_action = self.previous_reward = None

    def torch(self, device: torch.device | str | None = None) -> SequenceBatch[torch.Tensor, TensorObsT]:
        """Return the same batch as tensors: over the same memory on the CPU, copied to another device."""
        batch: SequenceBatch[torch.Tensor, TensorObsT] = self._as_tensors(device)
        return batch
