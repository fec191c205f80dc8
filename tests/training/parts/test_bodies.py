"""What a run's body takes in memory, and which bodies read nothing that there is."""

from __future__ import annotations

import copy
import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bodies import WORDS, save_body
from gymnasium import spaces

from dqn_fast.training import TrainConfig, UsageError, preset_of
from dqn_fast.training.parts import build_agent, build_q_net

TOKENS, ACTIONS = spaces.Discrete(WORDS), spaces.Discrete(WORDS)
TEXT = spaces.Dict({"tokens": spaces.Box(0, WORDS - 1, (8,), np.int64), "length": spaces.Discrete(9)})


def config(body: str, **settings: Any) -> TrainConfig:
    return TrainConfig("E", body=body, **{"network": "gpt", "hidden_sizes": (), **settings})


def bytes_of_tensors() -> int:
    """Return the bytes of all storages that tensors anywhere in this process have."""
    gc.collect()
    storages = {}
    for one in gc.get_objects():
        if issubclass(type(one), torch.Tensor):  # isinstance would ask objects that warn
            for tensor in (one, one.grad if one.is_leaf else None):
                if tensor is not None:
                    storage = tensor.untyped_storage()
                    storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


@pytest.mark.parametrize(
    ("space", "weights", "least", "most"),
    [
        (TOKENS, "frozen", 1, 1.2),
        (TEXT, "frozen", 1, 1.2),
        (TOKENS, "shared", 4, 4.2),
        (TOKENS, "trained", 5, 5.3),
    ],
    ids=["tokens", "texts", "shared", "trained"],
)
def test_memory_of_a_body(
    space: spaces.Space[Any], weights: str, least: float, most: float, tmp_path: Path
) -> None:
    """Of a frozen one there is one in all: in agent, optimiser, target, best weights, copy and evaluation."""
    body = save_body(tmp_path, n_embd=64)
    before = bytes_of_tensors()
    asked = config(body, body_weights=weights, network="gpt" if space is TOKENS else "feedforward")
    agent = build_agent(asked, space, ACTIONS)
    learning = bytes_of_tensors() - before
    others = ()
    if weights == "frozen":
        best = copy.deepcopy(agent.q_net.state_dict())
        others = (best, copy.deepcopy(agent.q_net), build_q_net(asked, space, ACTIONS))
        learning = bytes_of_tensors() - before
    net: Any = agent.q_net.body if space is TOKENS else agent.q_net.encoder.reader
    held = net.net._module[0] if weights == "frozen" else net.net
    size = 4 * sum(one.numel() for one in held.parameters())
    assert size > 4 * 100_000
    assert least * size <= learning <= most * size
    del others


def test_a_frozen_body_stays_as_it_is(tmp_path: Path) -> None:
    agent = build_agent(config(save_body(tmp_path)), TOKENS, ACTIONS)
    assert set(agent.q_net.state_dict()) == {"body.net.digest", "head.head.weight", "head.head.bias"}
    assert agent.parameters.vector.numel() == 16 * WORDS + WORDS


@pytest.mark.parametrize(
    ("kind", "space", "settings", "complaint"),
    [
        ("bert", TOKENS, {}, "expected gpt2 where each step is a token: tokens of bert see later ones"),
        ("xlnet", TOKENS, {}, "expected gpt2 where each step is a token: tokens of xlnet see later ones"),
        (
            "gpt2",
            TOKENS,
            {"network": "feedforward"},
            "or one token in each .Discrete. with --network gpt, and not",
        ),
        ("gpt2", TOKENS, {"network": "lstm"}, "and not --network lstm with Discrete"),
        (
            "gpt2",
            spaces.Box(0, 30521, (40,), np.int64),
            {},
            "expected the keys tokens and length in observations",
        ),
        ("gpt2", spaces.Box(-1, 1, (4,)), {}, "expected the keys tokens and length in observations"),
        ("gpt2", TEXT, {"network": "mine:Net"}, "and not --network mine:Net with Dict"),
        (
            "bert",
            spaces.Dict({**TEXT, "tokens": spaces.Box(0, WORDS, (8,), np.int64)}),
            {},
            f"with {WORDS} tokens, expected at least {WORDS + 1}",
        ),
        (
            "gpt2",
            spaces.Dict({**TEXT, "tokens": spaces.Box(0, 5, (13,), np.int64)}),
            {},
            "with 12 positions, expected at least 13",
        ),
        ("gpt2", spaces.Discrete(WORDS + 1), {}, f"tokens: got {WORDS + 1}, expected at most the {WORDS} of"),
    ],
)
def test_a_body_that_cannot_read_is_refused(
    kind: str, space: spaces.Space[Any], settings: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=complaint) as error:
        build_q_net(config(save_body(tmp_path, kind), **settings), space, ACTIONS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("body", ["tiny", "hf:", "hub:tiny", 5])
def test_what_a_body_may_be_called(body: Any) -> None:
    with pytest.raises(
        UsageError, match=r"^body: got .*, expected hf:FOLDER or hf:NAME of a BERT, GPT-2 or XLNet$"
    ):
        preset_of("dqn_fast/RandomWalks-v0")
        config(body)


def test_a_body_learns_in_one_process() -> None:
    with pytest.raises(UsageError, match=r"^body: got hf:tiny, expected --actors 0 with it: one process"):
        config("hf:tiny", actors=1, network="feedforward")
