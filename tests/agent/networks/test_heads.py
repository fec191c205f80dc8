"""Networks with several heads: their layers, their parts, and actions that are illegal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import Greedy, ImplicitOutputs, ImplicitValues, QNetwork, make_q_net

BOX, ACTIONS = spaces.Box(-1, 1, (5,)), spaces.Discrete(3)
MASKED = spaces.Dict({"x": BOX, "action_mask": spaces.MultiBinary(3)})


def network(space: spaces.Space[Any] = BOX, hidden: tuple[int, ...] = (8, 6), beta: float = 2.0) -> QNetwork:
    generator = torch.Generator().manual_seed(0)
    return make_q_net(space, ACTIONS, hidden, generator, representation=ImplicitValues(beta))


@pytest.mark.parametrize(
    ("hidden", "shared", "own"),
    [((), [], [(3, 5)]), ((8,), [], [(8, 5), (3, 8)]), ((8, 6), [(8, 5)], [(6, 8), (3, 6)])],
)
def test_heads_have_a_last_hidden_layer_each_and_share_the_rest(
    hidden: tuple[int, ...], shared: list[tuple[int, int]], own: list[tuple[int, int]]
) -> None:
    net = network(hidden=hidden)
    shapes = {name: tuple(one.shape) for name, one in net.named_parameters() if one.ndim > 1}
    assert [shape for name, shape in shapes.items() if name.startswith("body")] == shared
    for head in ("q", "q2", "policy"):
        assert [shape for name, shape in shapes.items() if name.startswith(f"head.{head}.")] == own
    last = (1, own[-1][1])
    value = [shape for name, shape in shapes.items() if name.startswith("head.value.")]
    assert value == [*own[:-1], last]


def test_parts_are_those_of_the_heads_and_join_again() -> None:
    net, heads = network(), ImplicitValues(1.0)
    obs = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        outputs = net(obs)
        features = net.body(net.encoder(obs))
        parts = heads.split(outputs)
        for name in ("q", "q2", "policy"):
            assert torch.equal(getattr(parts, name), net.head[name](features))  # type: ignore[index]
        assert torch.equal(parts.value, net.head["value"](features)[:, 0])  # type: ignore[index]
    assert torch.equal(heads.join(parts), outputs)
    cells = outputs.reshape(2, 2, -1)  # of sequences
    assert torch.equal(heads.split(cells).q, parts.q.reshape(2, 2, 3))
    assert torch.equal(heads.join(ImplicitOutputs(*heads.split(cells))), cells)


def test_illegal_actions_are_never_the_best_and_values_of_states_stay() -> None:
    net = network(MASKED, beta=1e3)
    generator = np.random.default_rng(0)
    for mask in ([1, 0, 1], [0, 0, 1], [0, 0, 0]):
        legal = [action for action in range(3) if mask[action] or not any(mask)]
        for _ in range(20):
            x = generator.uniform(-1, 1, 5).astype(np.float32)
            assert Greedy(net)({"x": x, "action_mask": np.array(mask, np.int8)}) in legal
            obs = {"x": torch.from_numpy(x[None]), "action_mask": torch.tensor([mask])}
            plain = {**obs, "action_mask": torch.ones(1, 3)}
            with torch.no_grad():
                masked, free = net(obs), net(plain)
                preferred = net.values(masked)
            columns = [head * 3 + action for head in range(3) for action in legal]
            assert torch.equal(masked[:, [*columns, 9]], free[:, [*columns, 9]])
            assert preferred.isfinite().all()
            assert int(preferred.argmax()) in legal


def test_dueling_heads_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^dueling: got True, expected False for a representation with he"):
        make_q_net(BOX, ACTIONS, (8,), torch.Generator(), dueling=True, representation=ImplicitValues(1.0))
