"""Token networks: one pass over texts gives what every cell gives by itself, without values of all words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from bodies import SIZE, WORDS, save_body
from gymnasium import spaces
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from dqn_fast.agent import (
    Cells,
    FlatParameters,
    ImplicitObjective,
    ImplicitValues,
    Inputs,
    TDObjective,
    TokenNetwork,
    Window,
    make_token_net,
    online_selector,
    squared_error,
)
from dqn_fast.agent.fast import make_differentiable
from dqn_fast.agent.fast.by_tokens import ByTokens
from dqn_fast.agent.networks.held import Frozen, Shared
from dqn_fast.agent.networks.pretrained import CausalBody, load_pretrained

B, T, MANY = 3, 6, 977
MASKED = spaces.Dict({"token": spaces.Discrete(WORDS), "action_mask": spaces.MultiBinary(MANY)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("body")
    save_body(path)
    yield path


def make(folder: Path, keep: Any = Shared, space: Any = None, **options: Any) -> TokenNetwork:
    found = load_pretrained(str(folder))
    body = CausalBody(keep(found.net), found.config)
    generator = torch.Generator().manual_seed(0)
    space = spaces.Discrete(WORDS) if space is None else space
    return make_token_net(space, spaces.Discrete(MANY), body, (), generator, **options)


def some_cells(masked: bool = False) -> SimpleNamespace:
    torch.manual_seed(2)
    tokens: Any = torch.randint(WORDS, (B, T))
    if masked:
        tokens = {"token": tokens, "action_mask": torch.rand(B, T, MANY) < 0.5}
    window = Window(Inputs(tokens, torch.zeros(B, T, dtype=torch.int64), torch.zeros(B, T)))
    at = torch.tensor([0, 1, 2, 4, 7, 8, 12, 16])
    following = at + 1
    discount = torch.ones(len(at))
    discount[-1], following[-1] = 0.0, at[-1]
    return SimpleNamespace(
        obs=Cells(window, at),
        action=torch.randint(MANY, (len(at),)),
        reward=torch.randn(len(at)),
        next_obs=Cells(window, following),
        discount=discount,
        weights=torch.ones(len(at)),
    )


@pytest.mark.parametrize("masked", [False, True])
def test_cells_are_those_of_the_whole_output(masked: bool, folder: Path) -> None:
    q_net, batch = make(folder, space=MASKED if masked else None), some_cells(masked)
    values = make_differentiable(q_net)
    assert isinstance(values, ByTokens)
    with torch.no_grad():
        everywhere = q_net(batch.obs.window).flatten(0, 1)
        torch.testing.assert_close(values(batch.next_obs), everywhere[batch.next_obs.at])
        best = values.best_action(batch.next_obs, batch.discount.bool())
        assert torch.equal(best, everywhere[batch.next_obs.at].argmax(1))
        outputs, _ = values.trace(batch.obs, batch.action)
        taken = outputs if masked is False else outputs.gather(1, batch.action[:, None])
        if not masked:
            chosen = everywhere[batch.obs.at].gather(1, batch.action[:, None])
            torch.testing.assert_close(taken, chosen)


def test_the_gradient_of_taken_values_is_autograds(folder: Path) -> None:
    q_net, batch = make(folder), some_cells()
    outputs, backward = make_differentiable(q_net).trace(batch.obs, batch.action)
    slopes = torch.randn(outputs.shape)
    expected = q_net(batch.obs.window).flatten(0, 1)[batch.obs.at].gather(1, batch.action[:, None])
    wanted = torch.autograd.grad(expected, list(q_net.parameters()), slopes)
    backward(slopes)
    for parameter, gradient in zip(q_net.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)


class Largest(TorchDispatchMode):
    """Notes the most rows that a tensor of this width has had, weights apart."""

    def __init__(self, width: int, net: TokenNetwork) -> None:
        super().__init__()
        self.width, self.rows = width, 0
        self.weights = {one.data_ptr() for one in net.parameters()}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for one in found if isinstance(found, tuple | list) else [found]:
            wide = isinstance(one, Tensor) and one.dim() > 1 and one.shape[-1] == self.width
            if wide and one.data_ptr() not in self.weights:
                self.rows = max(self.rows, one.numel() // self.width)
        return found


@torch.no_grad()
def test_no_tensor_has_the_values_of_all_words_at_all_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Double DQN looks for the best word of two decisions at a time; else nothing has a column for each."""
    monkeypatch.setattr("dqn_fast.agent.networks.many_actions._AT_ONCE", 2 * MANY)
    q_net, target, batch = make(folder), make(folder), some_cells()
    objective = TDObjective(online_selector, squared_error)
    values, target_values = make_differentiable(q_net), make_differentiable(target)
    with Largest(MANY, q_net) as largest:
        outputs, backward = values.trace(batch.obs, batch.action)
        found = objective(outputs, batch, values, target_values)
        largest_before_gradients = largest.rows
        backward(found.gradient)
    assert largest_before_gradients == 2
    with Largest(MANY, q_net) as largest:
        q_net(batch.obs.window)
    assert largest.rows >= B * T  # what the instrument shows where somebody builds it


@torch.no_grad()
def test_the_losses_are_those_of_the_whole_output(folder: Path) -> None:
    q_net, target, batch = make(folder), make(folder), some_cells()
    objective = TDObjective(online_selector, squared_error)
    values, target_values = make_differentiable(q_net), make_differentiable(target)
    found = objective(values.trace(batch.obs, batch.action)[0], batch, values, target_values)
    everywhere = q_net(batch.obs.window).flatten(0, 1)
    best = everywhere[batch.next_obs.at].argmax(1)
    after = target(batch.next_obs.window).flatten(0, 1)[batch.next_obs.at, best]
    expected = batch.reward + batch.discount * after - everywhere[batch.obs.at, batch.action]
    torch.testing.assert_close(found.td_error, expected)
    assert found.gradient.shape == (len(batch.action), 1)


@torch.no_grad()
def test_implicit_values_need_all_words_for_the_cloned_policy_alone(folder: Path) -> None:
    heads = ImplicitValues(2.0)
    q_net, batch = make(folder, representation=heads), some_cells()
    values, objective = make_differentiable(q_net), ImplicitObjective(heads, squared_error, 0.7, MANY)
    outputs, backward = values.trace(batch.obs, batch.action, ("policy",))
    found = objective(outputs, batch, values, values)
    assert outputs.shape == found.gradient.shape == (len(batch.action), MANY + 3)
    assert values.at(batch.next_obs, batch.action).shape == (len(batch.action), 4)
    everywhere = q_net(batch.obs.window).flatten(0, 1)
    value = heads.split(everywhere[batch.next_obs.at]).value
    q = heads.split(everywhere[batch.obs.at]).q.gather(1, batch.action[:, None])[:, 0]
    q2 = heads.split(everywhere[batch.obs.at]).q2.gather(1, batch.action[:, None])[:, 0]
    expected = batch.reward + batch.discount * value - (q + q2) / 2
    torch.testing.assert_close(found.td_error, expected)
    # The slow twin learns from all outputs.
    gradient = FlatParameters(q_net).gradient
    backward(found.gradient)
    few = gradient.clone()
    gradient.zero_()
    outputs, backward = values.trace(batch.obs)
    everything = ImplicitObjective(heads, squared_error, 0.7)(outputs, batch, values, values)
    backward(everything.gradient)
    torch.testing.assert_close(few, gradient, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.loss, everything.loss)


@torch.no_grad()
def test_step_by_step_is_one_pass(folder: Path) -> None:
    q_net, window = make(folder, Frozen), some_cells().obs.window
    state, steps = q_net.start(B), []
    for column in range(T):
        inputs = Inputs(*(part[:, column] for part in window.inputs))
        outputs, state = q_net.step(inputs, state)
        steps.append(outputs)
    torch.testing.assert_close(torch.stack(steps, 1), q_net(window), rtol=1e-5, atol=1e-5)


def test_observations_that_are_no_known_token_are_refused(folder: Path) -> None:
    with pytest.raises(TypeError, match=r"^observation_space: got Box"):
        make(folder, space=spaces.Box(0, 1, (SIZE,)))
    with pytest.raises(ValueError, match=f"^tokens: got {WORDS + 1}, expected at most the {WORDS} of the"):
        make(folder, space=spaces.Discrete(WORDS + 1))
