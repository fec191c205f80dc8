"""Which observations CleanRL's buffers take for stacks of frames."""

from __future__ import annotations

import numpy as np
import pytest
from dropin.cleanrl.steps import SPACES, Infos, assert_rows_were_added, steps

from dqn_fast.dropin.cleanrl import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.dropin.cleanrl.common import frames_of_step


def test_observations_that_only_look_like_stacks_are_stored_whole() -> None:
    observations, actions = SPACES[2]
    added = list(steps(observations, actions, 1, 60, 0))
    guessing, told_so, told_wrongly = (
        ReplayBuffer(
            50,
            observations,
            actions,
            "cpu",
            optimize_memory_usage=True,
            handle_timeout_termination=False,
            frame_stack=frames,
        )
        for frames in (None, 1, 4)
    )
    for buffer in (guessing, told_so):
        assert (buffer.size(), buffer.full) == (0, False)
        for step in added:
            buffer.add(*step, Infos())
        assert buffer.size() == 50
        assert_rows_were_added(buffer.sample(64), added, 10)
    with pytest.warns(RuntimeWarning, match="as frame_stack= says"):
        for step in added:
            told_wrongly.add(*step, Infos())
    assert_rows_were_added(told_wrongly.sample(64), added, 10)


def test_only_a_first_step_that_moves_on_by_a_new_frame_is_one_of_stacks() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (9, 5, 5), np.uint8)
    assert frames_of_step(frames[:4], frames[1:5]) == 4
    assert frames_of_step(np.stack([frames[:4]] * 2), np.stack([frames[1:5]] * 2)) == 4
    still = np.stack([frames[0]] * 4)
    for obs, next_obs in ((still, still), (frames[:4], frames[2:6]), (frames[1:5], frames[:4])):
        assert frames_of_step(obs, next_obs) == 1


def test_channels_that_are_no_frames_keep_their_n_step_returns() -> None:
    """MinAtar's observations with channels first have the shape of a stack of four frames."""
    draw = np.random.default_rng(0)
    places = draw.integers(0, 2, (1_001, 4, 10, 10), np.uint8)
    buffer = PrioritizedReplayBuffer(1_000, (4, 10, 10), "cpu", 3, 0.9)
    with pytest.raises(ValueError, match=r"sample: .*empty"):
        buffer.sample(4)
    assert buffer.size == 0
    for step in range(1_000):
        buffer.add(places[step], 0, 1.0, places[step + 1], step % 100 == 99)
    batch = buffer.sample(500)
    whole = np.float32(1 + 0.9 + 0.81)
    assert (batch.rewards.numpy()[~batch.dones.numpy()] == whole).all()
    assert 0.9 < (batch.rewards.numpy() == whole).mean() < 1
