"""The Q-network and the optimiser that a configuration asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from envs.kinds import Shifted, registered
from gymnasium import spaces

from dqn_fast.training import TrainConfig, UsageError, train
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.networks import build_q_net

IMAGES = spaces.Box(0, 255, (84, 84, 3), np.uint8)


def layer_shapes(config: TrainConfig, space: spaces.Box) -> list[tuple[int, ...]]:
    q_net = build_q_net(config, space, spaces.Discrete(5))
    return [tuple(parameter.shape) for parameter in q_net.parameters() if parameter.ndim > 1]


def test_hidden_sizes_and_convolutions_are_those_of_the_configuration() -> None:
    nature = [(32, 3, 8, 8), (64, 32, 4, 4), (64, 64, 3, 3), (7, 3136), (5, 7)]
    assert layer_shapes(TrainConfig("E", hidden_sizes=(7,)), IMAGES) == nature
    assert layer_shapes(TrainConfig("E", hidden_sizes=(7,), convolutions="nature"), IMAGES) == nature
    assert layer_shapes(TrainConfig("E", hidden_sizes=(7,), convolutions="data-efficient"), IMAGES) == [
        (32, 3, 5, 5),
        (64, 32, 5, 5),
        (7, 576),
        (5, 7),
    ]
    assert layer_shapes(TrainConfig("E", hidden_sizes=(), convolutions="minatar"), IMAGES) == [
        (16, 3, 3, 3),
        (5, 16 * 82 * 82),
    ]
    # They are for images alone.
    flat = TrainConfig("E", hidden_sizes=(), convolutions="nature")
    assert layer_shapes(flat, spaces.Box(0, 1, (3,))) == [(5, 3)]


def test_the_seed_gives_the_weights() -> None:
    def weights(seed: int) -> torch.Tensor:
        q_net = build_q_net(TrainConfig("E", seed=seed), IMAGES, spaces.Discrete(2))
        return torch.nn.utils.parameters_to_vector(q_net.parameters())

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


def test_images_that_are_too_small_are_named() -> None:
    with pytest.raises(
        UsageError,
        match=r"^convolutions: got nature, expected smaller ones: images: got \(10, 10, 4\), expected room",
    ):
        layer_shapes(TrainConfig("E", convolutions="nature"), spaces.Box(0, 1, (10, 10, 4), np.bool_))


def test_convolutions_are_not_blamed_for_a_large_layer() -> None:
    config = TrainConfig("E", convolutions="nature", hidden_sizes=(10**6,))
    with pytest.raises(UsageError, match=r"^E does not fit: observation_space: got 3,136 features"):
        build_q_net(config, spaces.Box(0, 255, (84, 84, 4), np.uint8), spaces.Discrete(2))


class WithText(Shifted):
    observation_space = spaces.Text(4)  # type: ignore[assignment]


class WithMask(Shifted):
    observation_space = spaces.Dict(  # type: ignore[assignment]
        {"a": spaces.Discrete(2), "action_mask": spaces.MultiBinary(3)}
    )

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        return {"a": 0, "action_mask": np.ones(3, np.int8)}, {}


class Nothing(Shifted):
    observation_space = spaces.Box(-1, 1, (0,))  # type: ignore[assignment]


@pytest.fixture
def unfit() -> Iterator[None]:
    with registered(WithText, WithMask, Nothing):
        yield


@pytest.mark.usefixtures("unfit")
@pytest.mark.parametrize("vectorization", ["sync", "async"])
@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("Nothing-v0", "sizes: got (0, 128, 128), expected at least one number, each at least 1"),
        ("WithText-v0", "observation_space: got Text(1, 4, charset="),
        ("WithMask-v0", "action_mask: got MultiBinary(3), ex"),
    ],
)
def test_observations_that_no_network_takes_are_one_line_and_begin_nothing(
    tmp_path: Path, env_id: str, message: str, vectorization: Any
) -> None:
    with pytest.raises(UsageError) as caught:
        train(TrainConfig(env_id, num_envs=2, vectorization=vectorization), tmp_path / "run")
    assert str(caught.value).startswith(f"{env_id} does not fit: {message}")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def steps(config: TrainConfig, gradients: Sequence[float]) -> list[float]:
    """How far each step goes against a gradient that is the same for all parameters."""
    agent = build_agent(config, spaces.Box(-1, 1, (2,)), spaces.Discrete(2))
    lengths = []
    for gradient in gradients:
        before = agent.parameters.vector.detach().clone()
        agent.parameters.gradient.fill_(gradient)
        agent.optimizer.step(1.0)
        lengths.append(float((before - agent.parameters.vector.detach()).mean()))
    return lengths


def test_the_optimizer_is_that_of_the_configuration() -> None:
    assert steps(TrainConfig("E", adam_eps=1.0), [1.0]) == pytest.approx([1 / (1 + 1)])
    first = 1 / ((0.05 - 0.05**2) ** 0.5 + 0.5)
    for momentum in (0.0, 0.75):
        config = TrainConfig("E", optimizer="rmsprop", rmsprop_eps=0.5, rmsprop_momentum=momentum)
        assert steps(config, [1.0, 0.0]) == pytest.approx([first, momentum * first], rel=1e-5)


def test_the_objective_is_that_of_the_configuration() -> None:
    """One row: q 1 and 2, action 0, reward 0.25, and a next state worth 3 to both networks."""

    def found(**settings: Any) -> Any:
        config = TrainConfig("E", hidden_sizes=(), max_grad_norm=np.inf, **settings)
        agent = build_agent(config, spaces.Box(-1, 1, (1,)), spaces.Discrete(2))
        for net in (agent.q_net, agent.target.target_net):
            biases = iter([1.0, 2.0] if len(agent.parameters.vector) == 4 else [1, 2, 1.5, 2, 1, 2, 3])
            for one in net.parameters():
                value = 0.0 if one.ndim > 1 else torch.tensor([next(biases) for _ in one])
                one.data.copy_(torch.as_tensor(value))
        one = torch.ones(1)
        batch = SimpleNamespace(
            obs=torch.zeros(1, 1),
            next_obs=torch.zeros(1, 1),
            action=torch.tensor([0]),
            reward=0.25 * one,
            discount=0.5 * one,
            weights=one,
        )
        return agent.learn(batch, 1).loss

    assert found(loss="mse") == pytest.approx(0.25**2)
    gap = np.log(np.exp(1) + np.exp(2)) - 1
    assert found(objective="bc", offline="log.dqn") == pytest.approx(gap)
    assert found(objective="cql", loss="mse", cql_alpha=2.0) == pytest.approx(0.25**2 + 2 * gap)
    qs = 0.75**2 + 0.25**2  # both below and above 0.25 + 0.5 * 3 = 1.75
    v = (1 - 0.9) * (3 - 1) ** 2
    implicit = found(objective="iql", loss="mse", iql_expectile=0.9)
    assert implicit == pytest.approx(qs + v + gap)
    assert found(objective="mc", loss="mse") == found(loss="mse")  # of longer returns


def test_implicit_networks_act_by_their_beta_and_are_not_dueling() -> None:
    net = build_q_net(TrainConfig("E", objective="iql", iql_beta=0.0), IMAGES, spaces.Discrete(2))
    outputs = torch.tensor([[9.0, 0.0, 9.0, 0.0, 0.0, 1.0, 0.0]])
    assert int(net.values(outputs).argmax()) == 1  # by the cloned policy alone
    net = build_q_net(TrainConfig("E", objective="iql", iql_beta=1.0), IMAGES, spaces.Discrete(2))
    assert int(net.values(outputs).argmax()) == 0
    with pytest.raises(UsageError, match=r"^dueling: got True, expected False with --objective iql"):
        TrainConfig("E", objective="iql", dueling=True)
    with pytest.raises(UsageError, match=r"^objective: got iql, expected one of td, bc, mc, cql for a net"):
        build_q_net(TrainConfig("E", objective="iql", network="torch.nn:Linear"), IMAGES, spaces.Discrete(2))
