"""Networks and encoders fit their spaces, and their weights come from their generator alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.spaces.utils import flatten

from dqn_fast.agent import make_mlp, make_q_net
from dqn_fast.agent.encoders import make_encoder

SPACES = [
    spaces.Box(-1, 1, (3,), np.float32),
    spaces.Box(-1, 1, (2, 3), np.float64),
    spaces.Box(0, 255, (2, 2, 1), np.uint8),
    spaces.Box(0, 1, ()),
    spaces.MultiBinary(4),
    spaces.MultiBinary((2, 3)),
    spaces.Discrete(5),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([3, 2, 4]),
    spaces.MultiDiscrete([3, 2], start=[5, -1]),
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_encodes_as_gymnasium_flattens(space: spaces.Space[Any]) -> None:
    space.seed(0)
    samples = [space.sample() for _ in range(7)]
    encoder = make_encoder(space)
    encoded = encoder(torch.from_numpy(np.stack(samples)))
    assert encoded.dtype == torch.float32
    assert encoded.shape == (7, encoder.size)
    expected = np.stack([flatten(space, sample) for sample in samples])
    np.testing.assert_allclose(encoded.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_one_value_for_each_action(space: spaces.Space[Any]) -> None:
    q_net = make_q_net(space, spaces.Discrete(3), (8, 8), generator())
    observations = torch.from_numpy(np.stack([space.sample() for _ in range(4)]))
    assert q_net(observations).shape == (4, 3)


def test_weights_come_from_the_generator_alone() -> None:
    state = torch.get_rng_state()
    first, second, other = (make_mlp([4, 8, 2], generator(seed)).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_weights_are_uniform_in_their_bound() -> None:
    weight = make_mlp([100, 200, 1], generator())[0].weight.detach()
    bound = 1 / math.sqrt(100)
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


def test_no_hidden_layer_is_linear() -> None:
    assert len(make_q_net(SPACES[0], spaces.Discrete(2), (), generator()).body) == 1  # type: ignore[arg-type]


def test_other_spaces_are_named() -> None:
    with pytest.raises(TypeError, match=r"^the observation space is Text.*, expected Box, MultiBinary, "):
        make_encoder(spaces.Text(4))
    with pytest.raises(TypeError, match=r"^the action space is Box.*, expected Discrete, starting at 0$"):
        make_q_net(SPACES[0], spaces.Box(-1, 1), (8,), generator())
    with pytest.raises(TypeError, match=r"^the action space is Discrete\(2, start=1\), expected"):
        make_q_net(SPACES[0], spaces.Discrete(2, start=1), (8,), generator())
    with pytest.raises(ValueError, match=r"^sizes is \(3, 0, 2\), expected at least two numbers"):
        make_q_net(SPACES[0], spaces.Discrete(2), (0,), generator())
