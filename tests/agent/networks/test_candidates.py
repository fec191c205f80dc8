"""Networks that score candidates: against a slow float64 loop, and one action at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import (
    DQN,
    Adam,
    CandidateNetwork,
    FlatParameters,
    ImplicitObjective,
    ImplicitValues,
    LinearSchedule,
    NoExploration,
    QNetwork,
    Representation,
    Scalar,
    SoftTarget,
    TDObjective,
    huber,
    make_candidate_net,
    make_policy,
    online_selector,
    squared_error,
)
from dqn_fast.agent.networks import candidates
from dqn_fast.described_actions import DescribedActions

BOX = spaces.Box(-1, 1, (6,), np.float32)
ACTIONS = DescribedActions(np.random.default_rng(0).normal(size=(7, 4)))
ROWS = 9
REPRESENTATIONS = [Scalar(), ImplicitValues(beta=2.0)]


def network(
    representation: Representation = REPRESENTATIONS[0], sizes: tuple[int, ...] = (5, 3), seed: int = 0
) -> CandidateNetwork:
    generator = torch.Generator().manual_seed(seed)
    return make_candidate_net(BOX, ACTIONS, sizes, generator, forms=2, representation=representation)


def some_obs(rows: int = ROWS) -> torch.Tensor:
    return torch.randn(rows, 6, generator=torch.Generator().manual_seed(1))


def some_actions(rows: int = ROWS) -> torch.Tensor:
    return torch.randint(7, (rows,), generator=torch.Generator().manual_seed(2))


def slow_layers(values: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return what linear layers with ReLU between them make of one vector."""
    numbers = sorted({int(key.split(".")[-2]) for key in weights if key.startswith(f"{name}.")})
    for number in numbers:
        values = weights[f"{name}.{number}.weight"] @ values + weights[f"{name}.{number}.bias"]
        if number != numbers[-1]:
            values = np.maximum(values, 0)
    return values


def slow_outputs(net: QNetwork, obs: np.ndarray, heads: list[tuple[str, bool]]) -> list[float]:
    """Return the outputs of one observation: each form of each candidate is a sum over all products."""
    weights = {name: value.double().numpy() for name, value in net.state_dict().items()}
    state = np.maximum(weights["body.state.0.weight"] @ obs + weights["body.state.0.bias"], 0)
    matrices = weights["body.forms.weight"].reshape(2, 4, 6)
    biases = weights["body.forms.bias"].reshape(2, 4)
    result: list[float] = []
    for name, each in heads:
        if not each:
            result.extend(slow_layers(state, weights, f"{name}.layers"))
            continue
        for candidate in ACTIONS.features.astype(np.float64):
            forms = []
            for matrix, bias in zip(matrices, biases, strict=True):
                form = 0.0
                for i in range(4):
                    for j in range(6):
                        form += candidate[i] * matrix[i, j] * obs[j]
                    form += candidate[i] * bias[i]
                forms.append(form)
            of_state = weights["body.form_of_state.weight"] @ state + weights["body.form_of_state.bias"]
            forms.append(float(of_state @ candidate))
            hidden = weights["body.of_forms.weight"] @ forms + weights["body.of_forms.bias"]
            hidden = hidden + weights["body.of_state.weight"] @ state + weights["body.of_state.bias"]
            result.extend(slow_layers(np.maximum(hidden, 0), weights, f"{name}.layers"))
    return result


@pytest.mark.parametrize(
    ("representation", "heads"),
    [
        (REPRESENTATIONS[0], [("head", True)]),
        (
            REPRESENTATIONS[1],
            [("head.q", True), ("head.q2", True), ("head.policy", True), ("head.value", False)],
        ),
    ],
)
@pytest.mark.parametrize("sizes", [(5,), (5, 3)])
def test_outputs_are_those_of_a_slow_loop(representation: Any, heads: Any, sizes: Any) -> None:
    net = network(representation, sizes)
    outputs = net(some_obs()).detach()
    for row, obs in enumerate(some_obs().double().numpy()):
        np.testing.assert_allclose(outputs[row], slow_outputs(net, obs, heads), atol=1e-5)
    assert net.values(outputs).shape == (ROWS, 7)


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_one_action_has_the_outputs_that_it_has_among_all(representation: Any) -> None:
    net, action = network(representation), some_actions()
    everything, asked = net(some_obs()), net.at(some_obs(), action)
    assert asked.shape == everything.shape
    one_hot = torch.nn.functional.one_hot(action, 7).bool()
    heads = (everything.shape[1]) // 7
    needed = one_hot.repeat(1, heads)
    rest = everything.shape[1] - needed.shape[1]
    needed = torch.nn.functional.pad(needed, (0, rest), value=True)
    torch.testing.assert_close(asked[needed], everything[needed])
    assert (asked[~needed] == 0).all()


def test_the_best_action_of_the_rows_that_are_needed() -> None:
    net = network()
    best = net(some_obs()).argmax(1)
    assert torch.equal(net.best_action(some_obs(), torch.ones(ROWS, dtype=torch.bool)), best)
    needed = torch.arange(ROWS) % 3 == 0
    some = net.best_action(some_obs(), needed)
    assert torch.equal(some[needed], best[needed])
    assert (some[~needed] == 0).all()
    assert (net.best_action(some_obs(), torch.zeros(ROWS, dtype=torch.bool)) == 0).all()


def test_no_row_may_be_needed_of_discrete_observations() -> None:
    """As with Monte-Carlo returns of whole episodes: an encoder of no row at all is not asked."""
    space = spaces.MultiDiscrete([4, 4, 3])
    net = make_candidate_net(space, ACTIONS, (5,), torch.Generator().manual_seed(0), forms=2)
    obs = torch.zeros(ROWS, 3, dtype=torch.int64)
    assert (net.best_action(obs, torch.zeros(ROWS, dtype=torch.bool)) == 0).all()


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_rows_in_parts_are_the_same(representation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(representation)
    with torch.no_grad():
        together = net(some_obs())
        monkeypatch.setattr(candidates, "_AT_ONCE", 15)  # two rows
        torch.testing.assert_close(net(some_obs()), together)
        assert net(some_obs(0)).shape == (0, together.shape[1])


class Everything(CandidateNetwork):
    """Computes all actions, whichever are asked for."""

    at = QNetwork.at
    best_action = QNetwork.best_action


def agent(kind: type[CandidateNetwork], representation: Any, objective: Any) -> DQN:
    net = network(representation)
    net.__class__ = kind
    parameters = FlatParameters(net)
    return DQN(
        net,
        parameters,
        SoftTarget(net, parameters, 0.1),
        Adam(parameters),
        objective=objective,
        policy=make_policy(net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-2, 1e-2, 1),
    )


@pytest.mark.parametrize(
    ("representation", "objective"),
    [
        (REPRESENTATIONS[0], TDObjective(online_selector, squared_error)),
        (REPRESENTATIONS[1], ImplicitObjective(ImplicitValues(2.0), huber, 0.7)),
    ],
)
def test_learning_from_the_actions_taken_is_learning_from_all(representation: Any, objective: Any) -> None:
    from types import SimpleNamespace

    generator = torch.Generator().manual_seed(3)
    batch = SimpleNamespace(
        obs=some_obs(),
        action=some_actions(),
        reward=torch.randn(ROWS, generator=generator),
        next_obs=torch.randn(ROWS, 6, generator=generator),
        discount=torch.tensor([0.0, 0.9, 1.0] * 3),
        weights=torch.rand(ROWS, generator=generator),
    )
    few, everything = (agent(kind, representation, objective) for kind in (CandidateNetwork, Everything))
    for step in range(5):
        one, other = few.learn(batch, step), everything.learn(batch, step)
        torch.testing.assert_close(one.td_error, other.td_error, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(few.parameters.vector, everything.parameters.vector, rtol=1e-3, atol=1e-4)
    assert few.parameters.vector.ne(FlatParameters(network(representation)).vector).float().mean() > 0.8


def test_it_acts_by_the_largest_value() -> None:
    net = network()
    policy = make_policy(net, NoExploration())
    with torch.no_grad():
        best = net(some_obs()).argmax(1).numpy()
    np.testing.assert_array_equal(policy.act(some_obs().numpy(), 0), best)
    assert len(set(best.tolist())) > 1


def test_the_weights_are_for_any_number_of_actions() -> None:
    one = network()
    other = make_candidate_net(
        BOX, DescribedActions(ACTIONS.features[2:5]), (5, 3), torch.Generator(), forms=2
    )
    other.load_state_dict(one.state_dict())
    torch.testing.assert_close(other(some_obs()), one(some_obs())[:, 2:5])


def test_the_generator_alone_decides_the_weights() -> None:
    torch.manual_seed(1)
    first = network().state_dict()
    torch.manual_seed(2)
    again, other = network().state_dict(), network(seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_what_is_refused() -> None:
    def make(
        space: Any = BOX, actions: Any = ACTIONS, sizes: tuple[int, ...] = (5,), forms: int = 2
    ) -> CandidateNetwork:
        return make_candidate_net(space, actions, sizes, torch.Generator(), forms=forms)

    with pytest.raises(TypeError, match=r"action_space: got Discrete\(7\), expected DescribedActions"):
        make(actions=spaces.Discrete(7))
    for sizes in ((), (4, 0)):
        with pytest.raises(ValueError, match=r"hidden_sizes: got \(.*\), expected one at least"):
            make(sizes=sizes)
    with pytest.raises(ValueError, match="forms: got 0, expected at least 1"):
        make(forms=0)
    masked = spaces.Dict({"obs": BOX, "action_mask": spaces.MultiBinary(7)})
    with pytest.raises(ValueError, match="observation_space: got an action mask, expected none"):
        make(space=masked)
    with pytest.raises(ValueError, match="observation_space: got 3,000,000 features"):
        make(space=spaces.Discrete(3_000_000))
