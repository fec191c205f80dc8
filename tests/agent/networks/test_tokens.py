"""Texts in observations are read through an embedding: the number of a token has no magnitude."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from dqn_fast.agent import make_q_net
from dqn_fast.agent.networks.encoders import make_encoder
from dqn_fast.agent.networks.tokens import TextEncoder, TextShape, make_causal_reader, text_shape

TOKENS, LENGTH = spaces.Box(0, 30, (5,), np.int64), spaces.Discrete(6)
TEXT = spaces.Dict({"tokens": TOKENS, "length": LENGTH})


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def texts(*rows: list[int]) -> dict[str, Tensor]:
    tokens = torch.zeros(len(rows), 5, dtype=torch.int64)
    for number, row in enumerate(rows):
        tokens[number, : len(row)] = torch.tensor(row)
    return {"tokens": tokens, "length": torch.tensor([len(row) for row in rows])}


@pytest.mark.parametrize(
    "space",
    [
        TEXT,
        spaces.Dict({"tokens": spaces.MultiDiscrete([31] * 5), "length": spaces.Box(0, 5, (1,), np.int32)}),
        spaces.Dict({"tokens": TOKENS, "length": spaces.Box(0, 5, (), np.int32), "more": spaces.Discrete(2)}),
    ],
)
def test_kinds_of_texts(space: spaces.Dict) -> None:
    assert text_shape(space) == TextShape(vocabulary=31, longest=5)


@pytest.mark.parametrize(
    "space",
    [TOKENS, spaces.Dict({"tokens": TOKENS}), spaces.Dict({"text": TEXT})],
    ids=["bare", "half", "deep"],
)
def test_these_are_none(space: spaces.Space[Any]) -> None:
    assert text_shape(space) is None


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"tokens": spaces.Box(0, 30, (5,))}, "tokens: got Box"),
        ({"tokens": spaces.Box(-1, 30, (5,), np.int64)}, "tokens: got Box"),
        ({"tokens": spaces.Box(0, 30, (5, 2), np.int64)}, "tokens: got Box"),
        ({"length": spaces.Discrete(7)}, "length: got Discrete"),
        ({"length": spaces.Box(0, 5, (2,), np.int64)}, "length: got Box"),
        ({"length": spaces.Box(0, 5, ())}, "length: got Box"),
    ],
)
def test_malformed_texts_are_refused(parts: dict[str, Any], complaint: str) -> None:
    space = spaces.Dict({"tokens": TOKENS, "length": LENGTH, **parts})
    with pytest.raises(TypeError, match=f"^{complaint}"):
        make_q_net(space, spaces.Discrete(2), (4,), generator())


@torch.no_grad()
def test_the_features_are_those_of_the_text_alone() -> None:
    """The slow twin: the reader's GPT over the vectors of each text by itself."""
    encoder = make_encoder(TEXT, generator())
    assert isinstance(encoder, TextEncoder)
    rows = [[3, 9, 3], [30], [], [1, 2, 3, 4, 5]]
    found = encoder(texts(*rows))
    assert found.shape == (4, 64)
    reader: Any = encoder.reader
    for row, features in zip(rows, found, strict=True):
        expected = torch.zeros(64)
        if row:
            expected = reader.gpt(reader.weight[torch.tensor(row)][None])[0][0, -1]
        torch.testing.assert_close(features, expected, rtol=1e-5, atol=1e-5)
    padded = texts(*rows)
    padded["tokens"][torch.arange(5) >= padded["length"][:, None]] = 17
    assert torch.equal(encoder(padded), found)


@torch.no_grad()
def test_other_parts_stand_behind_the_text() -> None:
    space = spaces.Dict({"age": spaces.Box(0, 99, (2,)), **TEXT.spaces, "kind": spaces.Discrete(3)})
    encoder = make_encoder(space, generator(), make_reader=lambda *args: make_causal_reader(*args, size=8))
    obs = {**texts([4, 5]), "age": torch.tensor([[7.0, 8.0]]), "kind": torch.tensor([1])}
    assert encoder.size == 8 + 2 + 3
    assert encoder(obs)[0, 8:].tolist() == [7, 8, 0, 1, 0]


def test_gradients_reach_the_vectors_of_the_tokens_that_were_read_alone() -> None:
    net = make_q_net(TEXT, spaces.Discrete(2), (4,), generator())
    net(texts([3, 9])).sum().backward()
    touched = net.encoder.reader.weight.grad.abs().sum(1).nonzero().flatten()
    assert set(touched.tolist()) <= {0, 3, 9}  # 0 fills the padding, which gets 0 or nothing
    assert {3, 9} <= set(touched.tolist())
