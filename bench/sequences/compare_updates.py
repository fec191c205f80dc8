"""Compare updates of recurrent Q-networks with others': `python bench/sequences/compare_updates.py`.

All draw 32 sequences of 80 steps from 30,000 stored steps of 8 float32, and make one update of Double DQN
with one LSTM of 128 units and a hidden layer of 128, without burn-in, which pfrl does not have. They take
turns, and the median of processor seconds counts. Needs `pip install pfrl 'ray[rllib]==2.60.0'`.

Then ours alone as R2D2 has it: a burn-in of 40 steps from stored states, 5-step returns, prioritised, dueling
and with rescaled values; beside it what the same network's kernels take by themselves. bench/README.md gets
both.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DQN,
    Adam,
    FlatParameters,
    LinearSchedule,
    NoExploration,
    NoRescaling,
    Recurrent,
    SequenceBatches,
    SequenceNetwork,
    SoftTarget,
    SquareRoot,
    TDObjective,
    make_policy,
    make_sequence_net,
    online_selector,
    squared_error,
)
from dqn_fast.agent.sequence_batches import WindowDraw

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part
from updates_of_others import ACTIONS, GAMMA, LENGTH, OTHERS, ROWS, STEPS, UNITS, Data

PART = Part("recurrent updates", "python bench/sequences/compare_updates.py")
BURN_IN, REPEATS = 40, 40


def our_agent(*, r2d2: bool) -> DQN:
    """Return an agent of ours."""
    space = spaces.Box(-1, 1, (8,), np.float32)
    q_net = make_sequence_net(
        space,
        spaces.Discrete(ACTIONS),
        lambda inputs, generator: Recurrent("lstm", inputs, UNITS, generator),
        (128,),
        torch.Generator().manual_seed(0),
        dueling=r2d2,
    )
    parameters = FlatParameters(q_net)
    return DQN(
        q_net,
        parameters,
        SoftTarget(q_net, parameters, 0.005),
        Adam(parameters),
        objective=TDObjective(online_selector, squared_error, SquareRoot() if r2d2 else NoRescaling()),
        policy=make_policy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-4, 1e-4, 1),
        max_grad_norm=40.0,
    )


def our_update(data: Data, agent: DQN, *, r2d2: bool) -> Callable[[], Any]:
    """Return a function that draws and learns once."""
    box, actions = spaces.Box(-1, 1, (8,), np.float32), spaces.Discrete(ACTIONS)
    state = np.zeros((STEPS, UNITS), np.float32)
    buffer: ReplayBuffer
    if r2d2:
        extra = {"state_hidden": ((UNITS,), np.float32), "state_cell": ((UNITS,), np.float32)}
        buffer = PrioritizedReplayBuffer(STEPS, box, actions, gamma=GAMMA, seed=0, extra_fields=extra)
    else:
        buffer = ReplayBuffer(STEPS, box, actions, gamma=GAMMA, seed=0)
    fields = {"state_hidden": state, "state_cell": state} if r2d2 else {}
    buffer.extend(data.obs[:-1], data.action, data.reward, data.obs[1:], data.ends, **fields)  # type: ignore[arg-type]
    draw = WindowDraw(buffer, ROWS, LENGTH, burn_in=BURN_IN if r2d2 else 0, n_step=5 if r2d2 else 1)
    source = SequenceBatches(draw, LinearSchedule(0.6, 0.6, 1) if r2d2 else None)

    def update() -> None:
        for batch in source.batches(1, 1):
            source.update_priorities(batch, agent.learn(batch, 1).td_error)

    return update


def kernels(agent: DQN) -> Callable[[], Any]:
    """Return a function that runs what R2D2's update takes of the network's kernels, and nothing else."""
    q_net = agent.q_net
    assert isinstance(q_net, SequenceNetwork) and isinstance(q_net.body, Recurrent)
    layer, head, inputs = q_net.body.layer, q_net.head, 8 + ACTIONS + 1
    before, window = torch.randn(ROWS, BURN_IN, inputs), torch.randn(ROWS, LENGTH + 5, inputs)

    def run() -> None:
        with torch.no_grad():  # the target network
            head(layer(window, layer(before)[1])[0].flatten(0, 1))
            state = layer(before)[1]
        values = head(layer(window, state)[0].flatten(0, 1))
        values.backward(torch.ones_like(values))
        with torch.no_grad():
            agent.optimizer.step(1e-9)

    return run


def median_ms(*functions: Callable[[], Any]) -> list[float]:
    """Return the median processor milliseconds of each function; they take turns."""
    times: list[list[float]] = [[] for _ in functions]
    for repeat in range(REPEATS + 1):
        for function, own in zip(functions, times, strict=True):
            begin = time.process_time()
            function()
            if repeat:  # the first warms up
                own.append(time.process_time() - begin)
    return [1e3 * float(np.median(own)) for own in times]


def main() -> None:
    """Run the command."""
    torch.set_num_threads(1)
    data = Data()
    plain = our_update(data, our_agent(r2d2=False), r2d2=False)
    ours, *theirs = median_ms(plain, *(make(data) for make in OTHERS.values()))
    others = " and ".join(
        f"{name}'s takes {time / ours:.2f}" for name, time in zip(OTHERS, theirs, strict=True)
    )
    agent = our_agent(r2d2=True)
    whole, bare = median_ms(our_update(data, agent, r2d2=True), kernels(agent))
    PART.write(
        README,
        "An update from 32 sequences of 80 steps, Double DQN, LSTM of 128 units, in one thread: "
        f"{ours:.1f} ms of a processor;\n{others} times as long.\n"
        "As in R2D2 (a burn-in of 40 steps from stored states, 5-step returns, priorities, dueling, rescaled "
        f"values): {whole:.1f} ms, of which the network's\nkernels alone take {bare:.1f}; draws, padding and "
        f"Python are {1 - bare / whole:.0%}.",
    )


if __name__ == "__main__":
    main()
