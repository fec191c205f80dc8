"""Draws of sequences have what was stored, and their TD errors go back as priorities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import CellBatch, EpisodeDraw, LinearSchedule, SequenceBatches, WindowDraw
from dqn_fast.agent.objectives import mixed_priority

BOX, ACTIONS = spaces.Box(-np.inf, np.inf, (1,), np.float32), spaces.Discrete(4)


def stored(kind: type[ReplayBuffer] = ReplayBuffer, *, state: bool = False, **settings: Any) -> ReplayBuffer:
    """Return a buffer with episodes of 1 to 7 steps; observations count all steps, rewards their squares."""
    extra = {"extra_fields": {"state_hidden": ((2,), np.float32)}} if state else {}
    buffer = kind(500, BOX, ACTIONS, seed=0, gamma=0.9, **extra, **settings)
    count = 0
    for number in range(20):
        length = 1 + number % 7
        for t in range(length):
            fields = {"state_hidden": np.full(2, count, np.float32)} if state else {}
            end = t == length - 1
            buffer.add([count], count % 4, count**2 / 100, [count + 1], terminated=end, **fields)
            count += 1
        count += 1
    return buffer


def check_previous(batch: CellBatch) -> None:
    """Check that each cell's previous action and reward are those of the step before."""
    inputs = batch.obs.window.inputs.flat()
    for at, action in zip(batch.obs.at.tolist(), batch.action.tolist(), strict=True):
        now = int(inputs.obs[at, 0])
        assert action == now % 4
        row = inputs.obs[:, 0].eq(now - 1)  # in this row or another one: an episode's first step has none
        before = float(inputs.reward[at])
        assert before in (0.0, pytest.approx((now - 1) ** 2 / 100))
        if row.any() and before:
            assert int(inputs.action[at]) == (now - 1) % 4


@pytest.mark.parametrize("n_step", [1, 3, 100])
def test_whole_episodes(n_step: int) -> None:
    buffer = stored(draw_by="segment")
    batch = EpisodeDraw(buffer, 30, n_step)(None)
    check_previous(batch)
    window = batch.obs.window
    assert window.state is None and window.burn_in is None
    assert len(batch.indices) == 30
    for row in range(30):
        cells = batch.row == row
        columns = (batch.obs.at[cells] % window.inputs.action.shape[1]).tolist()
        assert columns == list(range(len(columns)))
        rewards = window.inputs.reward[row, 1 : len(columns)].tolist()
        firsts = window.inputs.obs[row, : len(columns), 0].tolist()
        assert rewards == pytest.approx([first**2 / 100 for first in firsts[:-1]])
        assert float(window.inputs.reward[row, 0]) == 0
        returns = [
            sum(0.9**k * first**2 / 100 for k, first in enumerate(firsts[t : t + n_step]))
            for t in range(len(firsts))
        ]
        assert batch.reward[cells].tolist() == pytest.approx(returns)
        goes_on = [t + n_step < len(firsts) for t in range(len(firsts))]
        assert (batch.discount[cells] > 0).tolist() == goes_on


@pytest.mark.parametrize("burn_in", [0, 2])
def test_windows(burn_in: int) -> None:
    buffer = stored(state=True)
    draw = WindowDraw(buffer, 40, 3, burn_in=burn_in, n_step=2)
    batch = draw(None, draw.slot())
    check_previous(batch)
    window = batch.obs.window
    starts = buffer.transitions(batch.indices.numpy()).obs[:, 0]
    assert window.inputs.obs[:, 0, 0].tolist() == starts.tolist()
    lengths = window.burn_in.lengths if window.burn_in else torch.zeros(40, dtype=torch.int64)
    assert int(lengths.max()) == burn_in
    assert window.state is not None
    firsts = [start - length for start, length in zip(starts, lengths.tolist(), strict=True)]
    beginnings = {float(segment) for segment in buffer.transitions(_segments(buffer)).obs[:, 0]}
    for first, hidden in zip(firsts, window.state["hidden"].tolist(), strict=True):
        assert hidden == [0.0 if first in beginnings else first] * 2
    if window.burn_in:
        for row, length in enumerate(lengths.tolist()):
            seen = window.burn_in.inputs.obs[row, :length, 0].tolist()
            assert seen == [firsts[row] + t for t in range(length)]


def _segments(buffer: ReplayBuffer) -> np.ndarray:
    return np.unique(buffer.sample_segments(1_000, n_step=1).indices)


def test_without_stored_states_windows_begin_with_none() -> None:
    draw = WindowDraw(stored(), 4, 3, burn_in=0, n_step=1)
    assert draw(None, draw.slot()).obs.window.state is None


def test_values_that_pad_are_values_of_the_space() -> None:
    """An encoder of Discrete numbers from 5 on cannot read a zero."""
    buffer = ReplayBuffer(100, spaces.Discrete(3, start=5), ACTIONS, draw_by="segment", seed=0)
    for length in (1, 4):
        for t in range(length):
            buffer.add(5 + t % 3, 0, 0.0, 5 + (t + 1) % 3, terminated=t == length - 1)
    batch = EpisodeDraw(buffer, 20, 1)(None)
    assert batch.obs.window.inputs.obs.shape[1] > 1
    assert int(batch.obs.window.inputs.obs.min()) == 5


@pytest.mark.parametrize("episodes", [True, False])
def test_each_sequence_gets_one_priority(episodes: bool) -> None:
    settings: dict[str, Any] = {"draw_by": "segment"} if episodes else {}
    buffer = stored(PrioritizedReplayBuffer, alpha=1.0, priority_eps=0.0, **settings)
    draw = EpisodeDraw(buffer, 5, 1) if episodes else WindowDraw(buffer, 5, 3, burn_in=1, n_step=1)
    source = SequenceBatches(draw, LinearSchedule(0.5, 0.5, 1), 0.75)
    for batch in source.batches(1, 3):
        td_error = torch.linspace(-3, 2, len(batch.row))
        source.update_priorities(batch, td_error)
        masses = buffer.masses(batch.indices.numpy())  # type: ignore[attr-defined]
        for row, mass in enumerate(masses):
            own = td_error[batch.row == row].abs()
            if batch.indices.tolist().count(batch.indices[row]) == 1:
                assert mass == pytest.approx(0.75 * float(own.max()) + 0.25 * float(own.mean()), rel=1e-5)


def test_weights_of_a_prioritised_buffer_come_with_the_cells() -> None:
    buffer = stored(PrioritizedReplayBuffer)
    buffer.update_priorities(buffer.indices()[:9], np.linspace(1, 9, 9))
    source = SequenceBatches(WindowDraw(buffer, 8, 3, burn_in=0, n_step=1), LinearSchedule(1.0, 1.0, 1))
    (batch,) = source.batches(1, 1)
    assert len(set(batch.weights.tolist())) > 1
    for row in range(8):
        assert len(set(batch.weights[batch.row == row].tolist())) == 1


def test_a_uniform_buffer_gets_no_priorities() -> None:
    source = SequenceBatches(EpisodeDraw(stored(draw_by="segment"), 4, 1))
    (batch,) = source.batches(1, 1)
    source.update_priorities(batch, torch.ones(len(batch.row)))
    assert batch.weights.tolist() == [1.0] * len(batch.row)


def test_mixed_priorities_by_loops() -> None:
    td_error = torch.tensor([-3.0, 1.0, 2.0, 0.5], dtype=torch.float64)
    row = torch.tensor([1, 0, 1, 1])
    for share in (0.0, 0.3, 0.9, 1.0):
        expected = []
        for which in range(2):
            own = [abs(float(error)) for error, of in zip(td_error, row, strict=True) if of == which]
            expected.append(share * max(own) + (1 - share) * sum(own) / len(own))
        assert mixed_priority(td_error, row, share).tolist() == pytest.approx(expected)
