"""Data that does not fit an environment is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from dqn_fast import ReplayBuffer
from dqn_fast.datasets import require_fit

BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(2)
MASKED = spaces.Dict({"x": BOX, "action_mask": spaces.MultiBinary(2)})


def filled(obs: Any, action: Any = 1, reward: Any = 1.0, **options: Any) -> ReplayBuffer:
    """Return a buffer of a few good steps with this one in the middle."""
    buffer = ReplayBuffer(100, **options)
    rows = [obs, obs, obs]
    for row in rows:
        buffer.add(row, action, reward, row, False, new_segment=True)
    return buffer


def x(*values: float) -> Any:
    return np.array(values, np.float32)


def masked(*mask: int) -> Any:
    return {"x": x(0, 0, 0), "action_mask": np.array(mask, np.int8)}


@pytest.mark.parametrize(
    ("buffer", "space", "options", "message"),
    [
        (ReplayBuffer(5, BOX, ACTIONS), BOX, {}, "transitions: got none, expected at least one"),
        (
            filled(x(0, 0)),
            BOX,
            {},
            "obs: got shape (2,) and dtype float32, expected shape (3,) and dtype f",
        ),
        (
            filled(np.zeros(3)),
            BOX,
            {},
            "obs: got shape (3,) and dtype float64, expected shape (3,) and dtyp",
        ),
        (filled({"y": x(0, 0, 0)}), BOX, {}, "obs: got ['y'], expected without keys"),
        (
            filled(x(0, 0, 0), frame_stack=3),
            BOX,
            {},
            "obs: got shape (3,) and dtype float32 in stacks of 3",
        ),
        (filled(x(0, 0, 0)), BOX, {"frame_stack": 3}, "obs: got shape (3,) and dtype float32, expected"),
        (filled(x(0, 0, 0), [1, 0]), BOX, {}, "action: got shape (2,) and dtype int64, expected shape ()"),
        (filled(x(0, 0, 0), 2), BOX, {}, "action: got 2, expected 0 to 1"),
        (filled(x(0, 0, 0), -1), BOX, {}, "action: got -1, expected 0 to 1"),
        (filled(x(0, 0, 0), reward=np.array(1.5)), BOX, {}, "reward: got shape () and dtype float64"),
        (
            filled(x(0, 0, 0), reward=1.5),
            BOX,
            {"max_reward": 1.0},
            "reward: got 1.5, expected -1.0 to",
        ),
        (filled(x(0, 1.5, 0)), BOX, {"bounded": True}, "obs: got 1.5, expected -1.0 to 1.0"),
        (filled(3), spaces.Discrete(3), {}, "obs: got 3, expected 0 to 2"),
        (
            filled({"a": np.array([0, 4]), "b": x(0, 0, 0)}),
            spaces.Dict({"a": spaces.MultiDiscrete([3, 4]), "b": BOX}),
            {},
            "obs['a']: got 4, expected 0 to 3",
        ),
        (
            filled({"tokens": np.array([0, 9]), "length": np.int64(2)}),
            spaces.Dict({"tokens": spaces.Box(0, 8, (2,), np.int64), "length": spaces.Discrete(3)}),
            {},
            "obs['tokens']: got 9, expected 0 to 8",
        ),
        (filled(masked(1, 0)), MASKED, {}, "action: got 1 where action_mask forbids it, expected none"),
    ],
)
def test_what_does_not_fit_is_named(
    buffer: ReplayBuffer, space: spaces.Space[Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        require_fit(buffer, space, ACTIONS, **options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("buffer", "space", "options"),
    [
        (filled(x(0, 5, 0), reward=9.0), BOX, {}),  # environments exceed their bounds
        (filled(x(0, 1, 0), reward=-1.0), BOX, {"bounded": True, "max_reward": 1.0}),
        (filled(x(0, 1, 0), frame_stack=3), BOX, {"frame_stack": 3}),
        (filled(masked(0, 1)), MASKED, {}),
        (filled(masked(0, 0)), MASKED, {}),  # where nothing is legal, everything is
        (filled(2), spaces.Discrete(3), {}),
    ],
)
def test_what_fits_does(buffer: ReplayBuffer, space: spaces.Space[Any], options: dict[str, Any]) -> None:
    before = buffer.stats()
    require_fit(buffer, space, ACTIONS, **options)
    assert buffer.stats() == before


def test_every_chunk_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = ReplayBuffer(500, BOX, ACTIONS)
    for step in range(300):
        buffer.add(x(0, 0, 0), 1 if step < 299 else 7, 0.0, x(0, 0, 0), False)
    monkeypatch.setattr("dqn_fast.datasets.fit._CHUNK_BYTES", 1_000)
    with pytest.raises(ValueError, match=r"^action: got 7, expected 0 to 1$"):
        require_fit(buffer, BOX, ACTIONS)
