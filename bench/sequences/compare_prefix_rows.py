"""Compare whole games with rows of prefixes: `python bench/sequences/compare_prefix_rows.py`.

A small GPT learns from games of Wordle's form, token by token (see bench/memory/compare_token_bytes.py). A
memory of transitions gives it each decision as a row with all tokens before it, and another one for the next
decision; segments give it whole games. Both ways compute the same TD errors by the same network. They take
turns, and the median of processor seconds counts. bench/README.md gets the result.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from dqn_fast import ReplayBuffer, trees
from dqn_fast.agent import (
    DQN,
    GPT,
    Adam,
    CellBatch,
    Cells,
    EpisodeDraw,
    FlatParameters,
    Inputs,
    LinearSchedule,
    NoExploration,
    SoftTarget,
    TDObjective,
    Window,
    make_policy,
    make_sequence_net,
    online_selector,
    squared_error,
)

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "memory")]  # what folders share

from compare_token_bytes import add_as_segment, games
from readme_parts import README, Part

PART = Part("prefix rows", "python bench/sequences/compare_prefix_rows.py")
TOKENS, UNITS, LAYERS, HEADS, SPAN = 32, 64, 2, 2, 64
GAMES, ROWS, REPEATS = 16, 64, 9


def some_batch(count: int = GAMES) -> CellBatch:
    """Return the decisions of whole games."""
    space = spaces.Discrete(TOKENS)
    buffer = ReplayBuffer(count * SPAN, space, space, draw_by="segment", seed=0)
    for game in games(count):
        add_as_segment(buffer, game._replace(tokens=game.tokens.astype(np.int64)))
    return EpisodeDraw(buffer, count, 1, 1.0)(None)


def prefix_rows(batch: CellBatch, which: Tensor) -> CellBatch:
    """Return some decisions of whole games as rows of their own, with all that was before each.

    Rows end with their decision, and are padded on the right to the longest.
    """
    return CellBatch(
        _prefixes(batch.obs, which),
        batch.action[which],
        batch.reward[which],
        _prefixes(batch.next_obs, which),
        batch.discount[which],
        batch.weights[which],
        torch.arange(len(which)),
        batch.indices,
    )


def _prefixes(cells: Cells, which: Tensor) -> Cells:
    inputs = cells.window.inputs
    columns = inputs.reward.shape[1]
    row, last = cells.at[which] // columns, cells.at[which] % columns
    longest = int(last.max()) + 1
    until = torch.minimum(torch.arange(longest), last[:, None])

    def cut(leaf: Any) -> Any:
        return leaf[row[:, None], until]

    window = Window(Inputs(trees.map(cut, inputs.obs), cut(inputs.action), cut(inputs.reward)))
    return Cells(window, torch.arange(len(which)) * longest + last)


def make_agent() -> DQN:
    """Return an agent with a small GPT."""
    q_net = make_sequence_net(
        spaces.Discrete(TOKENS),
        spaces.Discrete(TOKENS),
        lambda inputs, generator: GPT(inputs, UNITS, LAYERS, HEADS, SPAN, generator),
        (),
        torch.Generator().manual_seed(0),
    )
    parameters = FlatParameters(q_net)
    return DQN(
        q_net,
        parameters,
        SoftTarget(q_net, parameters, 0.005),
        Adam(parameters),
        objective=TDObjective(online_selector, squared_error),
        policy=make_policy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-9, 1e-9, 1),
    )


def seconds_each(*ways: tuple[Callable[[], Any], int]) -> list[float]:
    """Return the median processor seconds of a TD error in each way, a function and how many it computes."""
    times: list[list[float]] = [[] for _ in ways]
    for repeat in range(REPEATS + 1):
        for (function, count), own in zip(ways, times, strict=True):
            begin = time.process_time()
            function()
            if repeat:  # the first warms up
                own.append((time.process_time() - begin) / count)
    return [float(np.median(own)) for own in times]


def text_of(whole: float, rows: float, batch: CellBatch) -> str:
    """Return what stands between the markers.

    Args:
        whole: seconds of a TD error, from whole games.
        rows: the same, from rows of prefixes.
        batch: the whole games.
    """
    held = len(batch.weights)
    return (
        f"A GPT of width {UNITS} with {LAYERS} layers, Double DQN, in one thread: from {GAMES} whole games"
        f" ({held} decisions)\n{1 / whole:,.0f} TD errors a second of a processor, from batches of"
        f" {ROWS} rows of prefixes {1 / rows:,.0f}: **{rows / whole:.1f} times**\nas many from whole games."
    )


def chunks(batch: CellBatch) -> Sequence[Tensor]:
    """Return the decisions of a batch in full chunks of rows, as a buffer draws them: in any order."""
    order = torch.randperm(len(batch.weights), generator=torch.Generator().manual_seed(0))
    return [chunk for chunk in torch.split(order, ROWS) if len(chunk) == ROWS]


def main() -> None:
    """Run the command."""
    torch.set_num_threads(1)
    batch, agent = some_batch(), make_agent()
    rows = [prefix_rows(batch, chunk) for chunk in chunks(batch)]
    whole, each = seconds_each(
        (lambda: agent.learn(batch, 0), len(batch.weights)),
        (lambda: [agent.learn(one, 0) for one in rows], ROWS * len(rows)),
    )
    PART.write(README, text_of(whole, each, batch))


if __name__ == "__main__":
    main()
