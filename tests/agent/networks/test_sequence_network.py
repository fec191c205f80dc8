"""Networks that remember: step by step they compute what they compute in one pass, and what loops compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from agent import sequence_twin
from gymnasium import spaces
from torch import Tensor

from dqn_fast import trees
from dqn_fast.agent import GPT, Inputs, Recurrent, SequenceNetwork, Window, make_sequence_net
from dqn_fast.agent.networks import BurnIn

Make = Callable[[int, torch.Generator], Any]

MODELS: dict[str, Make] = {
    "lstm": lambda inputs, generator: Recurrent("lstm", inputs, 8, generator),
    "gru": lambda inputs, generator: Recurrent("gru", inputs, 8, generator),
    "gpt": lambda inputs, generator: GPT(inputs, 8, 2, 2, 100, generator),
    "gpt of a short span": lambda inputs, generator: GPT(inputs, 8, 2, 2, 4, generator),
}
every_model = pytest.mark.parametrize("model", MODELS)
BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(4)


def make(model: str, space: spaces.Space[Any] = BOX, **settings: Any) -> SequenceNetwork:
    generator = torch.Generator().manual_seed(1)
    return make_sequence_net(space, ACTIONS, MODELS[model], (6,), generator, **settings)


def some_inputs(rows: int, steps: int, seed: int = 0) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    return Inputs(
        torch.randn(rows, steps, 3, generator=generator),
        torch.randint(4, (rows, steps), generator=generator),
        torch.randn(rows, steps, generator=generator),
    )


def cut(inputs: Inputs, what: Any) -> Inputs:
    return Inputs(trees.map(lambda leaf: leaf[what], inputs.obs), inputs.action[what], inputs.reward[what])


@torch.no_grad()
def stepwise(q_net: SequenceNetwork, inputs: Inputs, forget: dict[int, list[int]] | None = None) -> Tensor:
    """Return the outputs of steps one by one; `forget` says which rows begin anew before which step."""
    rows, steps = inputs.action.shape
    state, result = q_net.start(rows), []
    for t in range(steps):
        state = q_net.model.forget(state, (forget or {}).get(t, []))
        outputs, state = q_net.step(cut(inputs, (slice(None), t)), state)
        result.append(outputs)
    return torch.stack(result, 1)


@every_model
@torch.no_grad()
def test_one_pass_is_step_by_step_is_the_twin(model: str) -> None:
    q_net, inputs = make(model), some_inputs(3, 11)
    whole = q_net(Window(inputs))
    assert whole.shape == (3, 11, 4)
    torch.testing.assert_close(stepwise(q_net, inputs), whole)
    weights = sequence_twin.weights_of(q_net)
    for row in range(3):
        steps = [
            (inputs.obs[row, t], int(inputs.action[row, t]), float(inputs.reward[row, t])) for t in range(11)
        ]
        expected = torch.stack(sequence_twin.outputs(q_net, weights, steps))
        torch.testing.assert_close(whole[row].double(), expected, rtol=1e-5, atol=1e-5)


@every_model
@torch.no_grad()
def test_a_row_that_forgets_begins_anew(model: str) -> None:
    q_net, inputs = make(model), some_inputs(3, 9)
    after = stepwise(q_net, inputs, {4: [1], 6: [0, 1, 2]})
    torch.testing.assert_close(after[[0, 2], :6], q_net(Window(cut(inputs, ([0, 2], slice(0, 6))))))
    torch.testing.assert_close(after[1:2, 4:6], q_net(Window(cut(inputs, (slice(1, 2), slice(4, 6))))))
    torch.testing.assert_close(after[:, 6:], q_net(Window(cut(inputs, (slice(None), slice(6, None))))))


@every_model
@torch.no_grad()
def test_a_state_goes_on_after_a_window(model: str) -> None:
    q_net, inputs = make(model), some_inputs(3, 10)
    whole = q_net(Window(inputs))
    state = q_net.start(3)
    for t in range(4):
        _, state = q_net.step(cut(inputs, (slice(None), t)), state)
    later = q_net(Window(cut(inputs, (slice(None), slice(4, None))), state))
    torch.testing.assert_close(later, whole[:, 4:])


@every_model
def test_burn_ins_of_any_length_lead_to_the_state_and_get_no_gradient(model: str) -> None:
    q_net, inputs = make(model), some_inputs(5, 10)
    lengths = torch.tensor([4, 0, 2, 4, 1])
    before = Inputs(inputs.obs.clone().requires_grad_(), inputs.action, inputs.reward)
    rows = [cut(inputs, (slice(row, row + 1), slice(int(n), int(n) + 6))) for row, n in enumerate(lengths)]
    main = Inputs(*(torch.cat(parts) for parts in zip(*rows, strict=True)))
    window = Window(main, None, BurnIn(before, lengths))
    found = q_net(window)
    found.sum().backward()
    assert before.obs.grad is None
    torch.testing.assert_close(q_net.look(window), found)
    whole = q_net(Window(inputs))
    for row, n in enumerate(lengths.tolist()):
        torch.testing.assert_close(found[row], whole[row, n : n + 6])


@every_model
@torch.no_grad()
def test_no_step_sees_a_later_one(model: str) -> None:
    q_net, inputs = make(model), some_inputs(2, 8)
    changed = Inputs(inputs.obs.clone(), inputs.action.clone(), inputs.reward.clone())
    changed.obs[:, 5:], changed.action[:, 5:], changed.reward[:, 5:] = 9.0, 3, 9.0
    torch.testing.assert_close(q_net(Window(changed))[:, :5], q_net(Window(inputs))[:, :5])
    assert not torch.allclose(q_net(Window(changed))[:, 5:], q_net(Window(inputs))[:, 5:])


@torch.no_grad()
def test_a_span_is_as_far_as_a_gpt_sees() -> None:
    """With one block: each further block sees what the one before it saw."""
    generator = torch.Generator().manual_seed(0)
    q_net = make_sequence_net(BOX, ACTIONS, lambda n, g: GPT(n, 8, 1, 2, 4, g), (6,), generator)
    inputs = some_inputs(1, 9)
    before = q_net(Window(inputs))
    inputs.obs[0, 2] += 1
    changed = (q_net(Window(inputs)) != before).any(2)[0].tolist()
    assert changed == [False] * 2 + [True] * 4 + [False] * 3


@every_model
@torch.no_grad()
def test_previous_action_and_reward_are_seen(model: str) -> None:
    q_net, inputs = make(model), some_inputs(1, 3)
    before = q_net(Window(inputs))
    for other in (inputs._replace(action=(inputs.action + 1) % 4), inputs._replace(reward=inputs.reward + 1)):
        assert not torch.allclose(q_net(Window(other)), before)


@torch.no_grad()
def test_rewards_are_bounded_as_they_are_stored() -> None:
    q_net, inputs = make("lstm", reward_bound=1.0), some_inputs(2, 4)
    large = inputs._replace(reward=inputs.reward * 100)
    assert torch.equal(q_net(Window(large)), q_net(Window(large._replace(reward=large.reward.clamp(-1, 1)))))


@every_model
@torch.no_grad()
def test_illegal_actions_have_the_lowest_value(model: str) -> None:
    space = spaces.Dict({"obs": BOX, "action_mask": spaces.MultiBinary(4)})
    q_net, inputs = make(model, space, dueling=True), some_inputs(2, 5)
    mask = torch.ones(2, 5, 4, dtype=torch.int8)
    mask[0, 3, [1, 2]] = 0
    values = q_net(Window(inputs._replace(obs={"obs": inputs.obs, "action_mask": mask})))
    lowest = torch.finfo(torch.float32).min
    assert ((values == lowest) == (mask == 0)).all()
    assert torch.equal(q_net.values(values.flatten(0, 1)), values.flatten(0, 1))


def test_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    for model in MODELS:
        first, second = make(model).state_dict(), make(model).state_dict()
        assert all(torch.equal(first[name], second[name]) for name in first)
        assert len(first) == len(list(make(model).parameters()))
    assert torch.equal(torch.get_rng_state(), before)


def test_what_cannot_be() -> None:
    generator = torch.Generator()
    for size, layers, heads, span in ((6, 2, 2, 9), (8, 0, 2, 9), (8, 2, 2, 0), (8, 1, 0, 9)):
        with pytest.raises(ValueError, match="size: got"):
            GPT(3, size, layers, heads, span, generator)
    with pytest.raises(TypeError, match="action_space: got"):
        make_sequence_net(BOX, spaces.Box(-1, 1, (2,)), MODELS["lstm"], (6,), generator)
    many = spaces.MultiDiscrete(np.full(1001, 1000))
    with pytest.raises(ValueError, match="one-hot columns"):
        make_sequence_net(many, ACTIONS, MODELS["lstm"], (6,), generator)
