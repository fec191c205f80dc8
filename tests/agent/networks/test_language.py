"""Language networks: equal in one pass and step by step, and frozen below values."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import (
    DQN,
    GPT,
    Adam,
    Cells,
    FlatParameters,
    Inputs,
    LanguageNetwork,
    LinearSchedule,
    NoExploration,
    PriorValues,
    Recurrent,
    SoftObjective,
    SoftTarget,
    Window,
    make_language_net,
    make_policy,
    squared_error,
)
from dqn_fast.agent.fast import make_differentiable
from dqn_fast.agent.fast.by_cells import ByCells
from dqn_fast.agent.networks import many_actions
from dqn_fast.agent.networks.language import LanguageModel
from dqn_fast.errors import UsageError
from dqn_fast.word_actions import WordActions

WORDS = WordActions(["", *"abcdefg"], least=2)
LONGEST = 5
SPACE = spaces.Dict(
    {
        "word": spaces.Discrete(8),
        "count": spaces.Discrete(LONGEST + 1),
        "so_far": spaces.Box(-np.inf, np.inf, (1,), np.float32),
    }
)
MODELS: dict[str, Any] = {
    "gru": lambda inputs, generator: Recurrent("gru", inputs, 6, generator),
    "gpt": lambda inputs, generator: GPT(inputs, 8, 2, 2, 16, generator),
}


def make(model: str = "gru", beta: float | None = 0.5, seed: int = 0, **options: Any) -> LanguageNetwork:
    values = None if beta is None else PriorValues(beta)
    generator = torch.Generator().manual_seed(seed)
    sizes = {"width": 6, "hidden_sizes": (5,), "rank": 3, **options}
    return make_language_net(SPACE, WORDS, MODELS[model], generator, values=values, **sizes)


def sentences(rows: int = 3, seed: int = 0) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    word = torch.randint(8, (rows, LONGEST), generator=generator)
    word[:, 0] = 0
    obs = {
        "word": word,
        "count": torch.arange(LONGEST).expand(rows, -1),
        "so_far": torch.randn(rows, LONGEST, 1, generator=generator),
    }
    return Inputs(obs, word, torch.zeros(rows, LONGEST))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("beta", [None, 0.5])
def test_two_passes_are_equal_bit_for_bit(model: str, beta: float | None) -> None:
    net, window = make(model, beta), Window(sentences())
    assert torch.equal(net(window), net(window))
    assert torch.equal(net.look(window), net(window))


@pytest.mark.parametrize("model", MODELS)
def test_step_by_step_is_one_pass(model: str) -> None:
    net, inputs = make(model), sentences()
    together, state = net.look(Window(inputs)), net.start(3)
    for column in range(LONGEST):
        outputs, state = net.step(inputs.map(lambda leaf, at=column: leaf[:, at]), state)
        torch.testing.assert_close(outputs, together[:, column])


def test_outputs_are_products_with_the_words_that_it_reads() -> None:
    """Logits and values, once more word by word."""
    net, inputs = make(), sentences(1)
    outputs = net.look(Window(inputs))[0]
    model: Any = net.model
    remembered, _ = model(inputs.obs["word"])
    for column in range(LONGEST):
        state = torch.cat(
            [remembered[0, column], torch.tensor([column / LONGEST]), inputs.obs["so_far"][0, column]]
        )
        values: Any = net.head.of_words  # type: ignore[union-attr]
        for word in range(8):
            vector = model.table[word]
            logit = model.project(remembered[0, column]) @ vector + model.bias[word]
            if word == 0 and column < 2:
                assert outputs[column, word] < -1e30
            else:
                torch.testing.assert_close(outputs[column, word], logit)
            value = values.state(state) @ values.word(vector) + values.bias[word]
            torch.testing.assert_close(outputs[column, 8 + word], value)


def test_the_model_learns_alone_and_is_frozen_below_values() -> None:
    alone, both = make(beta=None), make()
    assert all(parameter.requires_grad for parameter in alone.parameters())
    learns = {name for name, one in both.named_parameters() if one.requires_grad}
    assert learns == {name for name, _ in both.named_parameters() if name.startswith("head.of_words.")}
    assert set(alone.state_dict()) == {name for name in both.state_dict() if ".of_words." not in name}


def test_updates_move_values_and_leave_the_model() -> None:
    net = make()
    before = copy.deepcopy(net.state_dict())
    parameters = FlatParameters(net)
    agent = DQN(
        net,
        parameters,
        SoftTarget(net, parameters, 0.5),
        Adam(parameters),
        objective=SoftObjective(PriorValues(0.5), squared_error),
        policy=make_policy(net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-2, 1e-2, 0),
    )
    assert parameters.vector.numel() == sum(one.numel() for one in net.head.of_words.parameters())  # type: ignore[union-attr,operator]
    cells = some_cells()
    losses = [agent.learn(cells, 0).loss for _ in range(200)]  # type: ignore[arg-type]
    assert losses[-1] < losses[0] / 2
    moved = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if name.startswith("head.of_words.")}


@pytest.mark.parametrize("beta", [None, 0.5])
def test_one_word_is_its_columns_with_the_same_gradient(beta: float | None) -> None:
    net, window = make(beta=beta), Window(sentences())
    rows = net.rows(net.remember(window), window.inputs)
    action = torch.arange(3 * LONGEST) * 5 % 8  # among them ends that are too early
    assert ((action == 0) & (rows["count"] < 2)).any()
    found, everything = net.head.at(rows, action), net.head(rows)
    columns = torch.stack([action, action + 8][: everything.shape[1] // 8], 1)
    expected = everything.gather(1, columns)
    torch.testing.assert_close(found, expected)
    assert torch.equal(net.head.at(rows, action, ("prior",)), everything)
    learns = [one for one in net.parameters() if one.requires_grad]
    slopes = torch.randn(found.shape) * (found > -1e30)
    wanted = torch.autograd.grad(expected, learns, slopes, retain_graph=True)
    for one, other in zip(torch.autograd.grad(found, learns, slopes), wanted, strict=True):
        torch.testing.assert_close(one, other)


@torch.no_grad()
def test_soft_learning_is_that_from_all_words_of_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against `ByCells`, which computes everything everywhere."""
    monkeypatch.setattr(many_actions, "_AT_ONCE", 3 * 8)
    objective, batch, found = SoftObjective(PriorValues(0.5), squared_error), some_cells(), []
    for make_values in (make_differentiable, ByCells):
        net, target = make(), make(seed=1)
        values, gradient = make_values(net), FlatParameters(net).gradient
        outputs, backward = values.trace(batch.obs, batch.action)
        result = objective(outputs, batch, values, make_values(target))  # type: ignore[arg-type]
        backward(result.gradient)
        found.append((result.loss, result.td_error, result.q, gradient))
        assert outputs.shape[1] == (2 if make_values is make_differentiable else 16)
    for got, expected in zip(*found, strict=True):
        torch.testing.assert_close(got, expected)


def some_cells() -> SimpleBatch:
    window = Window(sentences())
    at = torch.arange(3 * LONGEST).view(3, LONGEST)
    return SimpleBatch(Cells(window, at[:, :-1].flatten()), Cells(window, at[:, 1:].flatten()), window)


class SimpleBatch:
    def __init__(self, obs: Cells, next_obs: Cells, window: Window) -> None:
        self.obs, self.next_obs = obs, next_obs
        self.action = window.inputs.obs["word"][:, 1:].flatten()
        self.reward = torch.linspace(-1, 1, len(self.action))
        self.discount = torch.tensor([1.0, 1.0, 1.0, 0.0]).repeat(3)
        self.weights = torch.ones(len(self.action))


def test_a_copy_has_a_model_of_its_own() -> None:
    net = make()
    other: Any = copy.deepcopy(net)
    with torch.no_grad():
        other.model.table.zero_()
    assert not torch.equal(net.look(Window(sentences())), other.look(Window(sentences())))
    assert other.look(Window(sentences()))[..., 2:8].eq(other.model.bias[2:]).all()


def test_weights_of_another_vocabulary_are_refused() -> None:
    others = WordActions(["", *"abcdefh"], least=2)
    other = make_language_net(SPACE, others, MODELS["gru"], torch.Generator(), width=6)
    with pytest.raises(UsageError, match="text: got another vocabulary than the model's"):
        make(beta=None).load_state_dict(other.state_dict())
    make(beta=None).load_state_dict(make(beta=None, seed=1).state_dict())


def test_other_observations_are_refused() -> None:
    with pytest.raises(TypeError, match=r"observation_space: got Discrete\(8\), expected a word"):
        make_language_net(spaces.Discrete(8), WORDS, MODELS["gru"], torch.Generator(), width=6)


def test_a_wider_model_is_projected_onto_words() -> None:
    model = LanguageModel(8, 4, partial(MODELS["gpt"]), torch.Generator())
    features, _ = model(torch.zeros(2, 3, dtype=torch.int64))
    assert (features.shape, model.logits(features[:, 0]).shape) == ((2, 3, 8), (2, 8))
