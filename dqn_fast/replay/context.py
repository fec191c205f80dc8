"""Observations that nobody acted on, as the core takes them and as a saved buffer keeps them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dqn_fast.replay.fields import Field
from dqn_fast.replay.schema import core_obs


class Context(NamedTuple):
    """The arguments of the core's `add_context`, in its order; observations as the core takes them."""

    obs: Any
    mask: npt.NDArray[np.bool_] | None
    continues: bool
    rows: int | None
    env: int | None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` makes the same context of."""
        arrays = self.obs if isinstance(self.obs, tuple) else (self.obs,)
        mask = None if self.mask is None else self.mask.tolist()
        return {**self._asdict(), "obs": [_array_to_json(array) for array in arrays], "mask": mask}

    @classmethod
    def from_json(cls, data: dict[str, Any], fields: tuple[Field, ...]) -> Context:
        """Return the context that `to_json` described, of observations of these fields."""
        arrays = tuple(
            np.frombuffer(b64decode(text), field.dtype).reshape(shape)
            for field, (shape, text) in zip(fields, data["obs"], strict=True)
        )
        mask = None if data["mask"] is None else np.array(data["mask"], np.bool_)
        return cls(core_obs(arrays), mask, data["continues"], data["rows"], data["env"])


def _array_to_json(array: npt.NDArray[Any]) -> tuple[list[int], str]:
    return list(array.shape), b64encode(array.tobytes()).decode()
