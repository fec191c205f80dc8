"""Networks fit their spaces, have the heads of the papers, and respect masks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast import trees
from dqn_fast.agent import legal_actions, make_mlp, make_q_net, online_selector, target_selector

BOX = spaces.Box(-1, 1, (3,), np.float32)
SPACES = [
    BOX,
    spaces.MultiBinary((2, 3)),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([3, 2]),
    spaces.Box(0, 255, (4, 84, 84), np.uint8),
    spaces.Box(0, 255, (40, 36), np.uint8),
    spaces.Box(0, 1, (10, 10, 6), np.bool_),
    spaces.Dict(
        {
            "a": spaces.Dict({"b.c": BOX, "keys": spaces.Discrete(3)}),
            "image": spaces.Box(0, 1, (5, 6, 2), np.float64),
            "action_mask": spaces.Box(0, 1, (3,), np.int8),
        }
    ),
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def as_tensors(samples: list[Any]) -> Any:
    """Observations of a space as one batch."""
    if isinstance(samples[0], Mapping):
        return {key: as_tensors([sample[key] for sample in samples]) for key in samples[0]}
    return torch.from_numpy(np.stack(samples))


@pytest.mark.parametrize("dueling", [False, True])
@pytest.mark.parametrize("hidden_sizes", [(), (8,), (8, 7)])
@pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space)[:30])
def test_one_value_for_each_action(
    space: spaces.Space[Any], hidden_sizes: tuple[int, ...], dueling: bool
) -> None:
    q_net = make_q_net(space, spaces.Discrete(3), hidden_sizes, generator(), dueling=dueling)
    space.seed(0)
    obs = as_tensors([space.sample() for _ in range(4)])
    q = q_net(obs)
    assert q.shape == (4, 3)
    assert q.dtype == torch.float32
    q.sum().backward()
    assert all(parameter.grad is not None for parameter in q_net.parameters())


@pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space)[:30])
def test_weights_come_from_the_generator_alone(space: spaces.Space[Any]) -> None:
    state = torch.get_rng_state()
    first, second, other = (
        list(make_q_net(space, spaces.Discrete(3), (8,), generator(seed), dueling=True).parameters())
        for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


def test_weights_are_uniform_in_their_bound() -> None:
    image = make_q_net(spaces.Box(0, 255, (4, 84, 84), np.uint8), spaces.Discrete(3), (), generator())
    convolutions = [layer for layer in image.encoder.layers if isinstance(layer, torch.nn.Conv2d)]
    layers = [make_mlp([100, 200, 1], generator())[0], *convolutions]
    for layer, fan_in in zip(layers, (100, 4 * 8 * 8, 32 * 4 * 4, 64 * 3 * 3), strict=True):
        weight, bound = layer.weight.detach(), 1 / math.sqrt(fan_in)
        assert weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.03)
        assert layer.bias.detach().abs().max() <= bound


def layer_sizes(q_net: torch.nn.Module) -> dict[str, tuple[int, int]]:
    layers = {name: m for name, m in q_net.named_modules() if isinstance(m, torch.nn.Linear)}
    return {name: (layer.in_features, layer.out_features) for name, layer in layers.items()}


def test_the_last_hidden_layer_is_there_for_value_and_advantage() -> None:
    def sizes(space: spaces.Space[Any], *hidden: int, dueling: bool) -> dict[str, tuple[int, int]]:
        return layer_sizes(make_q_net(space, spaces.Discrete(2), hidden, generator(), dueling=dueling))

    assert sizes(BOX, dueling=False) == {"head": (3, 2)}
    assert sizes(BOX, 8, 7, dueling=False) == {"body.0": (3, 8), "body.2": (8, 7), "head": (7, 2)}
    assert sizes(BOX, dueling=True) == {"head.value.0": (3, 1), "head.advantage.0": (3, 2)}
    assert sizes(BOX, 8, 7, dueling=True) == {
        "body.0": (3, 8),
        "head.value.0": (8, 7),
        "head.value.2": (7, 1),
        "head.advantage.0": (8, 7),
        "head.advantage.2": (7, 2),
    }
    assert sizes(spaces.Box(0, 255, (84, 84, 4), np.uint8), 512, dueling=True) == {
        "head.value.0": (3136, 512),
        "head.value.2": (512, 1),
        "head.advantage.0": (3136, 512),
        "head.advantage.2": (512, 2),
    }


def test_the_mean_over_actions_is_the_value() -> None:
    q_net = make_q_net(BOX, spaces.Discrete(4), (8,), generator(), dueling=True)
    obs = torch.randn(6, 3, generator=generator())
    features = q_net.body(q_net.encoder(obs))
    value, advantage = q_net.head.value(features), q_net.head.advantage(features)
    q = q_net(obs)
    torch.testing.assert_close(q.mean(1, keepdim=True), value)
    torch.testing.assert_close(q - q.mean(1, keepdim=True), advantage - advantage.mean(1, keepdim=True))
    assert advantage.std() > 0


MASKED = spaces.Dict({"obs": BOX, "action_mask": spaces.MultiBinary(4)})


def masked_obs(rows: int = 64, seed: int = 0) -> dict[str, torch.Tensor]:
    mask = torch.rand(rows, 4, generator=generator(seed)) < 0.4
    mask[0] = False
    return {"obs": torch.randn(rows, 3, generator=generator(seed)), "action_mask": mask.to(torch.int8)}


@pytest.mark.parametrize("dueling", [False, True])
def test_illegal_actions_are_never_the_best(dueling: bool) -> None:
    q_net, target_net = (
        make_q_net(MASKED, spaces.Discrete(4), (8,), generator(seed), dueling=dueling) for seed in (0, 1)
    )
    plain = make_q_net(BOX, spaces.Discrete(4), (8,), generator(), dueling=dueling)
    obs = masked_obs()
    before = obs["action_mask"].clone()
    q = q_net(obs).detach()
    legal = torch.from_numpy(legal_actions(trees.map(torch.Tensor.numpy, obs)))
    assert torch.equal(obs["action_mask"], before)
    assert torch.equal(q[legal], plain(obs["obs"]).detach()[legal])
    assert (q[~legal] == torch.finfo(torch.float32).min).all()
    assert legal[0].all()
    assert torch.equal(legal[1:].sum(1).clamp(min=1), legal[1:].sum(1))
    assert legal.gather(1, q.argmax(1, keepdim=True)).all()
    assert (plain(obs["obs"]).argmax(1) != q.argmax(1)).any()
    for selector in (target_selector, online_selector):
        selected = selector(q_net, target_net, obs, torch.ones(64, dtype=torch.bool))
        assert (selected.value.abs() < 100).all()
    assert (torch.zeros(()) * q).isfinite().all()


def test_the_mask_is_no_feature() -> None:
    q_net = make_q_net(MASKED, spaces.Discrete(4), (8,), generator())
    assert layer_sizes(q_net)["body.0"] == (3, 8)
    assert legal_actions(np.zeros((2, 3))) is None
    assert legal_actions({"obs": np.zeros((2, 3))}) is None


def test_no_gradient_comes_through_a_mask() -> None:
    q_net = make_q_net(MASKED, spaces.Discrete(4), (8,), generator())
    mask = torch.tensor([[1, 0, 0, 0]])
    q_net({"obs": torch.ones(1, 3), "action_mask": mask}).square().sum().backward()
    gradient = q_net.head.weight.grad
    assert gradient is not None
    assert gradient.isfinite().all()
    assert (gradient[1:] == 0).all()
    assert (gradient[0] != 0).any()


@pytest.mark.parametrize(
    "mask",
    [
        spaces.MultiBinary(3),
        spaces.MultiBinary((4, 1)),
        spaces.Discrete(4),
        spaces.Box(0, 1, (4,), np.float32),
        spaces.Dict({"mask": spaces.MultiBinary(4)}),
    ],
    ids=str,
)
def test_a_mask_that_does_not_fit(mask: spaces.Space[Any]) -> None:
    space = spaces.Dict({"obs": BOX, "action_mask": mask})
    with pytest.raises(TypeError, match=r"^action_mask: got .*shape \(4,\)"):
        make_q_net(space, spaces.Discrete(4), (8,), generator())


def test_bad_arguments_are_named() -> None:
    with pytest.raises(TypeError, match=r"^observation_space: got Text.*, expected Box, MultiBinary, "):
        make_q_net(spaces.Text(4), spaces.Discrete(2), (8,), generator())
    with pytest.raises(TypeError, match=r"^action_space: got Box.*, expected Discrete, starting at 0$"):
        make_q_net(BOX, spaces.Box(-1, 1), (8,), generator())
    with pytest.raises(TypeError, match=r"^action_space: got Discrete\(2, start=1\), expected"):
        make_q_net(BOX, spaces.Discrete(2, start=1), (8,), generator())
    with pytest.raises(
        TypeError, match=r"^observation_space: got Dict\(\), expected a Dict with at least one"
    ):
        make_q_net(spaces.Dict({"action_mask": spaces.MultiBinary(2)}), spaces.Discrete(2), (8,), generator())
    with pytest.raises(ValueError, match=r"^hidden_sizes: got \(0,\), expected each at least 1$"):
        make_q_net(BOX, spaces.Discrete(2), (0,), generator())
    with pytest.raises(ValueError, match=r"^sizes: got \(3,\), expected at least two numbers"):
        make_mlp([3], generator())


@pytest.mark.parametrize(
    ("space", "hidden_sizes", "nbytes"),
    [
        (spaces.Discrete(10**6 + 1), (1,), 4 * (10**6 + 1)),
        (spaces.MultiDiscrete([6 * 10**5] * 2), (8,), 32 * 12 * 10**5),
        (spaces.Dict({"a": BOX, "b": spaces.Discrete(10**7)}), (64, 4), 256 * (10**7 + 3)),
        (spaces.Box(-1, 1, (2**22,)), (65,), 260 * 2**22),
        (spaces.Box(-1, 1, (2**28,), np.int8), (), 8 * 2**28),
    ],
)
def test_a_first_layer_of_gigabytes_is_refused(
    space: spaces.Space[Any], hidden_sizes: tuple[int, ...], nbytes: int
) -> None:
    """With the bytes that it would take, and before it takes them."""
    with pytest.raises(
        ValueError, match=rf"^observation_space: got .* would take {nbytes:,} bytes, expected"
    ):
        make_q_net(space, spaces.Discrete(2), hidden_sizes, generator())


def test_the_largest_first_layer() -> None:
    make_q_net(spaces.Discrete(10**6), spaces.Discrete(2), (1,), generator())
