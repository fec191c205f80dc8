"""Acting uses the network's own values, whether the core or PyTorch computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from agent.networks.test_q_network import SPACES, as_tensors
from gymnasium import spaces

from dqn_fast import trees
from dqn_fast.agent import QNetwork, make_q_net, make_q_values
from dqn_fast.agent.fast import q_values as by_arrays
from dqn_fast.agent.fast.core_network import CoreQNetwork
from dqn_fast.agent.fast.known_modules import UnknownModuleError
from dqn_fast.agent.networks.layers import make_linear

ACTIONS = spaces.Discrete(3)
DICT = spaces.Dict(
    {
        "unread": spaces.Box(-1, 1, (2,)),
        "a": spaces.Dict({"b": spaces.Box(-1, 1, (2, 2), np.float64), "c": spaces.Discrete(4, start=-1)}),
        "d": spaces.MultiDiscrete([2, 3]),
        "action_mask": spaces.MultiBinary(3),
    }
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def as_arrays(obs: Any) -> Any:
    return trees.map(torch.Tensor.numpy, obs)


def observations(space: spaces.Space[Any], rows: int) -> Any:
    space.seed(rows)
    return as_tensors([space.sample() for _ in range(rows)])


def expected(q_net: QNetwork, obs: Any) -> np.ndarray:
    with torch.no_grad():
        return q_net(obs).numpy()


@pytest.mark.parametrize("dueling", [False, True])
@pytest.mark.parametrize("hidden_sizes", [(), (16,), (300, 200)])
@pytest.mark.parametrize("space", [*SPACES, DICT], ids=lambda space: str(space)[:30])
def test_equal_to_the_network(space: spaces.Space[Any], hidden_sizes: tuple[int, ...], dueling: bool) -> None:
    q_net = make_q_net(space, ACTIONS, hidden_sizes, generator(), dueling=dueling)
    q_values = make_q_values(q_net)
    for rows in (1, 5, 1, 8, 64):
        obs = observations(space, rows)
        values = q_values(as_arrays(obs))
        assert values.dtype == np.float32
        assert values.shape == (rows, 3)
        np.testing.assert_allclose(values, expected(q_net, obs), atol=1e-5)


@pytest.mark.parametrize("space", [*SPACES, DICT], ids=lambda space: str(space)[:30])
@pytest.mark.parametrize("rows", [1, 3])
def test_every_network_has_a_counterpart_in_the_core(space: spaces.Space[Any], rows: int) -> None:
    q_net, obs = make_q_net(space, ACTIONS, (16,), generator(), dueling=True), observations(space, rows)
    values = CoreQNetwork(q_net, rows)(as_arrays(obs))
    np.testing.assert_allclose(values, expected(q_net, obs), atol=1e-5)


@pytest.mark.parametrize(
    "space", [spaces.Box(-1, 1, (3,)), DICT, SPACES[6]], ids=lambda space: str(space)[:10]
)
def test_it_follows_changes_in_place(space: spaces.Space[Any]) -> None:
    q_net, other = (make_q_net(space, ACTIONS, (16, 16), generator(seed), dueling=True) for seed in (0, 1))
    q_values, obs = make_q_values(q_net), observations(space, 4)
    before = q_values(as_arrays(obs)).copy()
    optimizer = torch.optim.Adam(q_net.parameters(), 0.1)
    q_net(obs).clamp(-10, 10).sum().backward()
    optimizer.step()
    after = q_values(as_arrays(obs)).copy()
    assert not np.allclose(before, after, atol=1e-2)
    np.testing.assert_allclose(after, expected(q_net, obs), atol=1e-5)
    q_net.load_state_dict(other.state_dict())
    np.testing.assert_allclose(q_values(as_arrays(obs)), expected(other, obs), atol=1e-5)


def test_what_the_core_computes_and_what_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_torch(q_net: QNetwork, rows: int) -> bool:
        obs, tensors = np.zeros((rows, *box.shape), box.dtype), []
        with monkeypatch.context() as patched:
            patched.setattr(by_arrays, "as_tensor", lambda obs: tensors.append(obs) or torch.from_numpy(obs))
            make_q_values(q_net)(obs)
        return bool(tensors)

    box = spaces.Box(-1, 1, (3,))
    small, wide = (make_q_net(box, ACTIONS, (width, width), generator()) for width in (256, 1024))
    assert not by_torch(small, 1)
    assert not by_torch(small, 15)
    assert by_torch(small, 16)
    assert by_torch(wide, 1)
    box = spaces.Box(0, 1, (10, 10, 4), np.bool_)
    minatar = make_q_net(box, ACTIONS, (128,), generator())
    assert not by_torch(minatar, 1)
    assert by_torch(minatar, 7)
    box = spaces.Box(0, 255, (4, 84, 84), np.uint8)
    assert by_torch(make_q_net(box, ACTIONS, (8,), generator()), 1)


def test_unknown_modules_are_left_to_pytorch() -> None:
    class Doubled(torch.nn.Linear):
        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(features)

    class Negated(QNetwork):
        def forward(self, obs: Any) -> torch.Tensor:
            return -super().forward(obs)

    encoder = make_q_net(spaces.Box(-1, 1, (3,)), ACTIONS, (), generator()).encoder
    head, obs = make_linear(3, 3, generator()), torch.ones(1, 3)
    transposed = make_linear(3, 3, generator())
    transposed.weight.data = transposed.weight.data.t()
    for q_net in (
        QNetwork(encoder, torch.nn.Sequential(), Doubled(3, 3), 3),
        QNetwork(encoder, torch.nn.Tanh(), head, 3),
        QNetwork(encoder, torch.nn.ReLU(), head, 3),
        QNetwork(encoder, torch.nn.Sequential(), torch.nn.Linear(3, 3, bias=False), 3),
        QNetwork(encoder, torch.nn.Sequential(), transposed, 3),
        Negated(encoder, torch.nn.Sequential(), head, 3),
    ):
        with pytest.raises(UnknownModuleError):
            CoreQNetwork(q_net, 1)
        np.testing.assert_array_equal(make_q_values(q_net)(obs.numpy()), expected(q_net, obs))


def test_hooks_are_called() -> None:
    q_net = make_q_net(spaces.Box(-1, 1, (3,)), ACTIONS, (4,), generator())
    q_net.body[1].register_forward_pre_hook(lambda module, inputs: inputs[0] + 1)
    obs = torch.ones(1, 3)
    np.testing.assert_array_equal(make_q_values(q_net)(obs.numpy()), expected(q_net, obs))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64, np.float64])
def test_states_in_any_type(dtype: Any) -> None:
    q_net = make_q_net(spaces.MultiDiscrete([3, 4]), ACTIONS, (4,), generator())
    obs = np.array([[2, 3], [0, 1]], dtype)
    np.testing.assert_allclose(
        make_q_values(q_net)(obs), expected(q_net, torch.from_numpy(obs.astype(np.int64))), atol=1e-6
    )


def test_a_state_below_its_space() -> None:
    q_net = make_q_net(spaces.Discrete(4, start=2), ACTIONS, (), generator())
    with pytest.raises(IndexError, match=r"^obs: got .*1.*, expected numbers of its space"):
        make_q_values(q_net)(np.array([1]))


def test_images_that_pytorch_does_not_take_as_they_are() -> None:
    space = spaces.Box(0, 255, (4, 36, 36), np.uint8)
    q_net = make_q_net(space, ACTIONS, (8,), generator())
    image = observations(space, 1).numpy()
    flipped, read_only = image[..., ::-1], image.copy()
    read_only.flags.writeable = False
    q_values = make_q_values(q_net)
    np.testing.assert_allclose(
        q_values(flipped), expected(q_net, torch.from_numpy(flipped.copy())), atol=1e-6
    )
    np.testing.assert_allclose(q_values(read_only), expected(q_net, torch.from_numpy(image)), atol=1e-6)
    # NumPy calls an array whose axis of length 1 is flipped contiguous.
    space = spaces.Box(0, 255, (1, 84, 84), np.uint8)
    q_net, image = make_q_net(space, ACTIONS, (8,), generator()), observations(space, 1).numpy()
    np.testing.assert_allclose(
        make_q_values(q_net)(image[:, ::-1]), expected(q_net, torch.from_numpy(image)), atol=1e-6
    )
