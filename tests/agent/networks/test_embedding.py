"""Learned vectors for discrete observations: the same function as a layer over one-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import make_q_net, make_q_values
from dqn_fast.agent.networks.embedding import Embedding
from dqn_fast.agent.networks.encoders import OneHotEncoder, make_encoder


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


SPACES = [
    spaces.Discrete(7),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([3, 2, 4]),
    spaces.MultiDiscrete([[3, 2], [1, 4]], start=[[1, 0], [-5, 2]]),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_they_are_the_rows_that_one_hot_vectors_choose(space: Any) -> None:
    encoder, one_hot = make_encoder(space, generator(), embedding=6), make_encoder(space, generator())
    assert isinstance(encoder, Embedding) and isinstance(one_hot, OneHotEncoder)
    space.seed(0)
    obs = torch.from_numpy(np.stack([np.asarray(space.sample()) for _ in range(20)]))
    chosen = one_hot(obs)
    counts = np.atleast_1d(getattr(space, "nvec", getattr(space, "n", None))).reshape(-1).tolist()
    expected = torch.cat(
        [
            hot @ table
            for hot, table in zip(chosen.split(counts, 1), encoder.weight.split(counts), strict=True)
        ],
        1,
    )
    assert encoder(obs).shape == (20, encoder.size)
    torch.testing.assert_close(encoder(obs), expected, rtol=0, atol=0)


def test_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, two = (make_encoder(spaces.Discrete(9), generator(), embedding=3) for _ in range(2))
    assert isinstance(one, Embedding) and isinstance(two, Embedding)
    assert torch.equal(one.weight, two.weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_acting_sees_what_learning_changes() -> None:
    space = spaces.Dict({"place": spaces.Discrete(10_000), "speed": spaces.Box(-1, 1, (2,))})
    q_net = make_q_net(space, spaces.Discrete(3), (8,), generator(), embedding=4)
    act = make_q_values(q_net)
    obs = {"place": np.array([3, 9_999]), "speed": np.zeros((2, 2), np.float32)}
    before = act(obs).copy()
    with torch.no_grad():
        q_net.encoder.parts[0].weight[9_999] += 1.0  # type: ignore[union-attr, index, attr-defined]
    after = act(obs)
    assert (after[0] == before[0]).all()
    assert (after[1] != before[1]).all()


def test_a_table_that_is_too_large_is_refused_before_it_is_made() -> None:
    with pytest.raises(ValueError) as caught:
        make_encoder(spaces.Discrete(10**9), generator(), embedding=64)
    assert str(caught.value) == (
        "embedding: got 1,000,000,000 vectors of 64 numbers, which take 256,000,000,000 bytes, expected at"
        " most 1,073,741,824"
    )
