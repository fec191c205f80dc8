"""Sequences of two sources in one batch: an update from it is that from both, each by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DQN,
    GPT,
    Adam,
    EpisodeDraw,
    FlatParameters,
    JoinedBatches,
    LinearSchedule,
    NoExploration,
    Recurrent,
    SequenceBatches,
    SoftTarget,
    TDObjective,
    WindowDraw,
    make_policy,
    make_sequence_net,
    online_selector,
    squared_error,
)
from dqn_fast.agent.joined_cells import join_cells

SPACES = spaces.Dict({"x": spaces.Box(-1, 1, (2,)), "y": spaces.Discrete(9)}), spaces.Discrete(3)
BETA = LinearSchedule(0.5, 0.5, 0)


def agent_of(model: str) -> DQN:
    def make(inputs: int, generator: torch.Generator) -> Any:
        if model == "gpt":
            return GPT(inputs, 8, 1, 2, 50, generator)
        return Recurrent(model, inputs, 5, generator)  # type: ignore[arg-type]

    q_net = make_sequence_net(*SPACES, make, (6,), torch.Generator().manual_seed(0))
    parameters = FlatParameters(q_net)
    return DQN(
        q_net,
        parameters,
        SoftTarget(q_net, parameters, tau=0.1),
        Adam(parameters),
        objective=TDObjective(online_selector, squared_error),
        policy=make_policy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-3, 1e-3, 1),
    )


def source(kind: type[ReplayBuffer], longest: int, rows: int, seed: int, window: Any = None) -> Any:
    """Return a source of sequences of 1 to `longest` steps; windows are (length, burn_in)."""
    rng = np.random.default_rng(seed)
    draw_by = {} if window else {"draw_by": "segment"}
    buffer = kind(200, *SPACES, seed=seed, gamma=0.9, **draw_by)
    for number in range(25):
        length = 1 + number % longest
        obs = [
            {"x": rng.uniform(-1, 1, 2).astype(np.float32), "y": rng.integers(9)} for _ in range(length + 1)
        ]
        for t in range(length):
            ends = (t == length - 1 and number % 2 == 0, t == length - 1 and number % 2 == 1)
            buffer.add(obs[t], rng.integers(3), rng.normal(), obs[t + 1], *ends)
    if window:
        draw: Any = WindowDraw(buffer, rows, window[0], burn_in=window[1], n_step=2)
    else:
        draw = EpisodeDraw(buffer, rows, 2)
    return SequenceBatches(draw, BETA if kind is PrioritizedReplayBuffer else None), buffer


CASES = [
    ("gpt", None, None),
    ("lstm", None, None),
    ("gru", (4, 0), (6, 0)),
    ("lstm", (3, 2), (3, 2)),
    ("gpt", (3, 2), (5, 0)),  # one of them has no burn-in at all
    ("gru", (5, 0), (3, 2)),
]


@pytest.mark.parametrize(("model", "window", "other_window"), CASES)
def test_an_update_is_that_from_both(model: str, window: Any, other_window: Any) -> None:
    def sources() -> tuple[Any, Any]:
        return source(PrioritizedReplayBuffer, 7, 6, 1, window)[0], source(
            ReplayBuffer, 4, 3, 2, other_window
        )[0]

    (batch,) = JoinedBatches(*sources()).batches(0, 1)
    parts = [next(one.batches(0, 1)) for one in sources()]
    one_by_one = [agent_of(model) for _ in parts]
    results = [agent.learn(part, 0) for agent, part in zip(one_by_one, parts, strict=True)]
    cells = [len(part.weights) for part in parts]

    both = agent_of(model)
    errors = torch.cat([result.td_error for result in results])
    torch.testing.assert_close(both.td_error(batch), errors, rtol=1e-4, atol=1e-5)
    result = both.learn(batch, 0)
    torch.testing.assert_close(result.td_error, errors, rtol=1e-4, atol=1e-5)
    shares = [count / sum(cells) for count in cells]
    assert result.loss == pytest.approx(
        sum(a * b.loss for a, b in zip(shares, results, strict=True)), rel=1e-4
    )
    gradient = sum(share * agent.parameters.gradient for share, agent in zip(shares, one_by_one, strict=True))
    assert gradient.norm() > 1e-3
    torch.testing.assert_close(both.parameters.gradient, gradient, rtol=1e-3, atol=1e-6)


def test_td_errors_become_priorities_of_the_memory_that_a_sequence_is_from() -> None:
    (own, memory), (other, shown) = (source(PrioritizedReplayBuffer, 5, 4, seed) for seed in (1, 2))
    joined = JoinedBatches(own, other)
    (batch,) = joined.batches(0, 1)
    cells = [len(part.weights) for part in batch.parts]
    joined.update_priorities(
        batch, torch.cat([torch.full((count,), 1.0 + k) for k, count in enumerate(cells)])
    )
    for k, (buffer, part) in enumerate(zip((memory, shown), batch.parts, strict=True)):
        masses = buffer.masses(part.indices.numpy())
        np.testing.assert_allclose(masses, (1.0 + k + 1e-6) ** 0.6, rtol=1e-6)


def test_a_stored_state_is_refused() -> None:
    batch = next(source(ReplayBuffer, 4, 3, 2)[0].batches(0, 1))
    window = batch.obs.window._replace(state={"hidden": torch.zeros(3, 5)})
    with pytest.raises(ValueError, match=r"^state: got one that was stored, expected None"):
        join_cells((batch.obs,), (batch.obs._replace(window=window),))
