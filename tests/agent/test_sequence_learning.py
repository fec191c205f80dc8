"""Learning from sequences: losses, TD errors and gradients are those of slow loops over histories."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from agent import sequence_twin
from agent.sequence_twin import Episode
from gymnasium import spaces

from dqn_fast import ReplayBuffer
from dqn_fast.agent import (
    DQN,
    GPT,
    Adam,
    CellBatch,
    EpisodeDraw,
    FlatParameters,
    LinearSchedule,
    NoExploration,
    NoRescaling,
    Recurrent,
    SequenceNetwork,
    SoftTarget,
    SquareRoot,
    TDObjective,
    UpdateResult,
    WindowDraw,
    huber,
    make_policy,
    make_sequence_net,
    online_selector,
    squared_error,
)
from dqn_fast.errors import NotFiniteError

GAMMA = 0.9
BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(4)
MODELS: dict[str, Any] = {
    "lstm": partial(Recurrent, "lstm", size=5),
    "gru": partial(Recurrent, "gru", size=5),
    "gpt": partial(GPT, size=8, layers=2, heads=2, span=50),
}


def make_agent(model: str = "lstm", rescaling: Any = None, loss: Any = squared_error) -> DQN:
    def make(inputs: int, generator: torch.Generator) -> Any:
        if model == "gpt":
            return GPT(inputs, 8, 2, 2, 50, generator)
        return Recurrent(model, inputs, 5, generator)  # type: ignore[arg-type]

    q_net = make_sequence_net(BOX, ACTIONS, make, (6,), torch.Generator().manual_seed(0))
    parameters = FlatParameters(q_net)
    agent = DQN(
        q_net,
        parameters,
        SoftTarget(q_net, parameters, tau=0.1),
        Adam(parameters),
        objective=TDObjective(online_selector, loss, rescaling or NoRescaling()),
        policy=make_policy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-3, 1e-3, 1),
    )
    agent.target.target_net.load_state_dict(sequence_twin.other(q_net, 3).state_dict())
    return agent


def some_episodes(lengths: list[int], seed: int = 0) -> list[Episode]:
    """Return episodes that terminate and are truncated in turn; a terminated one ends in a NaN."""
    rng, episodes = np.random.default_rng(seed), []
    for number, length in enumerate(lengths):
        obs = torch.from_numpy(rng.normal(size=(length + 1, 3)).astype(np.float32))
        if number % 2 == 0:
            obs[-1] = torch.nan
        action, reward = (
            rng.integers(4, size=length).tolist(),
            rng.normal(size=length).astype(np.float32).tolist(),
        )
        episodes.append(Episode(obs, action, reward, number % 2 == 0))
    return episodes


def stored(episodes: list[Episode], **settings: Any) -> ReplayBuffer:
    buffer = ReplayBuffer(1_000, BOX, ACTIONS, gamma=GAMMA, seed=0, **settings)
    for episode in episodes:
        last = len(episode.action) - 1
        for t, (action, reward) in enumerate(zip(episode.action, episode.reward, strict=True)):
            ends = (episode.terminated and t == last, not episode.terminated and t == last)
            buffer.add(episode.obs[t].numpy(), action, reward, episode.obs[t + 1].numpy(), *ends)
    return buffer


def episode_of(batch: CellBatch, row: int, episodes: list[Episode]) -> Episode:
    """Return the episode that the cells of a row are of."""
    first = batch.obs.window.inputs.obs[row]
    (found,) = (one for one in episodes if any(torch.equal(first[0], obs) for obs in one.obs))
    return found


def compare(agent: DQN, batch: CellBatch, cells: list[tuple[Episode, range, int]], n_step: int) -> None:
    """Compare an update with the twin's; `cells` has episode, steps and begin of history of each row."""
    q_net: SequenceNetwork = agent.q_net  # type: ignore[assignment]
    online = sequence_twin.weights_of(q_net)
    target = sequence_twin.weights_of(agent.target.target_net)  # type: ignore[arg-type]
    scale = agent.objective.rescaling  # type: ignore[attr-defined]
    errors, values = [], []
    for episode, steps, begin in cells:
        more = sequence_twin.td_errors(
            q_net, online, target, episode, steps, begin, n_step=n_step, gamma=GAMMA, scale=scale
        )
        errors += more[0]
        values += more[1]
    found = agent.learn(batch, 1)
    expected = torch.stack(errors)
    torch.testing.assert_close(found.td_error.double(), expected, rtol=1e-4, atol=1e-5)
    assert found.loss == pytest.approx(float((expected**2).mean()), rel=1e-4)
    sum((error + q.detach() - q) ** 2 for error, q in zip(errors, values, strict=True)).div(
        len(errors)
    ).backward()  # type: ignore[union-attr]
    gradient = torch.cat([value.grad.flatten() for value in online.values()])  # type: ignore[union-attr]
    assert gradient.norm() > 1e-3
    torch.testing.assert_close(agent.parameters.gradient.double(), gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n_step", [1, 3])
def test_whole_episodes(model: str, n_step: int) -> None:
    episodes = some_episodes([1, 4, 6, 2])
    buffer = stored(episodes, draw_by="segment")
    batch = EpisodeDraw(buffer, 5, n_step)(None)
    rows = [episode_of(batch, row, episodes) for row in range(5)]
    compare(make_agent(model), batch, [(episode, range(len(episode.action)), 0) for episode in rows], n_step)


def windows(
    buffer: ReplayBuffer, length: int, burn_in: int, n_step: int
) -> tuple[CellBatch, list[int], list[int]]:
    """Return cells of windows; and of each row, how far into its episode the drawn step and the row begin."""
    draw = WindowDraw(buffer, 6, length, burn_in=burn_in, n_step=n_step)
    batch = draw(None, draw.slot())
    firsts = np.sort(buffer.sample_segments(500, n_step=1).indices)
    drawn = [int(index - firsts[firsts <= index].max()) for index in batch.indices.tolist()]
    return batch, drawn, [max(step - burn_in, 0) for step in drawn]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("length", "burn_in", "n_step"), [(3, 0, 1), (2, 0, 3), (4, 0, 2)])
def test_windows_from_an_empty_state(model: str, length: int, burn_in: int, n_step: int) -> None:
    episodes = some_episodes([5, 4, 7])
    batch, drawn, begins = windows(stored(episodes), length, burn_in, n_step)
    cells = []
    for row, (step, begin) in enumerate(zip(drawn, begins, strict=True)):
        episode = episode_of(batch, row, episodes)
        cells.append((episode, range(step, min(step + length, len(episode.action))), begin))
    compare(make_agent(model), batch, cells, n_step)


@pytest.mark.parametrize("model", MODELS)
def test_windows_with_burn_in_have_the_same_targets_and_no_gradient_from_it(model: str) -> None:
    episodes = some_episodes([5, 4, 9])
    batch, drawn, begins = windows(stored(episodes), 3, 2, 2)
    agent = make_agent(model)
    online = sequence_twin.weights_of(agent.q_net)  # type: ignore[arg-type]
    target = sequence_twin.weights_of(agent.target.target_net)  # type: ignore[arg-type]
    expected = []
    for row, (step, begin) in enumerate(zip(drawn, begins, strict=True)):
        episode = episode_of(batch, row, episodes)
        steps = range(step, min(step + 3, len(episode.action)))
        expected += sequence_twin.td_errors(
            agent.q_net,
            online,
            target,
            episode,
            steps,
            begin,
            n_step=2,
            gamma=GAMMA,  # type: ignore[arg-type]
        )[0]
    found = agent.learn(batch, 1).td_error.double()
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rescaling", [SquareRoot(), NoRescaling()])
def test_rescaled_values(rescaling: Any) -> None:
    episodes = some_episodes([3, 5])
    for episode in episodes:
        episode.reward = [float(np.float32(30 * reward)) for reward in episode.reward]
    batch = EpisodeDraw(stored(episodes, draw_by="segment"), 4, 2)(None)
    rows = [(episode_of(batch, row, episodes), 0) for row in range(4)]
    compare(
        make_agent("gru", rescaling), batch, [(one, range(len(one.action)), begin) for one, begin in rows], 2
    )


def test_weights_are_those_of_the_rows() -> None:
    episodes = some_episodes([3, 5])
    buffer = stored(episodes, draw_by="segment")
    batch = EpisodeDraw(buffer, 3, 1)(None)
    batch.weights = torch.tensor([0.5, 2.0, 0.0])[batch.row]
    found: UpdateResult = make_agent(loss=partial(huber, delta=0.5)).learn(batch, 1)
    losses = huber(found.td_error, 0.5)[0] * batch.weights
    assert found.loss == pytest.approx(float(losses.mean()), rel=1e-5)


def test_a_nan_behind_an_end_is_not_learned_and_one_before_it_is_refused() -> None:
    episodes = some_episodes([4, 3, 2])
    agent = make_agent()
    agent.learn(EpisodeDraw(stored(episodes, draw_by="segment"), 6, 1)(None), 1)
    assert bool(torch.isfinite(agent.parameters.vector).all())
    episodes[0].obs[2] = torch.nan
    before = agent.parameters.vector.detach().clone()
    with pytest.raises(NotFiniteError, match=r"loss: got nan.*not finite: obs"):
        agent.learn(EpisodeDraw(stored(episodes[:1], draw_by="segment"), 1, 1)(None), 2)
    assert torch.equal(agent.parameters.vector, before)


def test_nothing_to_learn_from_is_refused() -> None:
    episodes = some_episodes([3])
    rows = stored(episodes).sample_sequences(1, 2, previous=True).torch()
    rows.learn[:] = False
    from dqn_fast.agent import make_cells

    with pytest.raises(ValueError, match="rows: got 1 without a step to learn from"):
        make_cells(rows, rows.previous_action, rows.previous_reward)  # type: ignore[arg-type]
