"""TC-Bot's own protocol: `python bench/dialog/protocol_a.py DOMAIN --seed 0 --output FILE`.

DOMAIN is a folder with the published files (Li et al., 2017; MiuLab/TC-Bot). 120 dialogues of the rule agent
fill the pool. Then, in each epoch: 100 greedy dialogues are stored, and are the epoch's score; if it is at
least the best so far and 0.30, the pool is emptied, and 100 more are stored; the target network is copied;
and as many updates of 16 are made as the pool holds sixteens. FILE gets one line of JSON.

The learner is that of TC-Bot's source; `RMSProp` and OUTPUT_SCALE say where it differs from the usual one.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from dqn_fast import ReplayBuffer
from dqn_fast.tasks.movie_ticket import MovieTicket, RuleAgent

WARM_DIALOGUES, WARM_TRANSITIONS = 120, 1_000
EPOCH_DIALOGUES, BATCH, FLUSH_FROM = 100, 16, 0.30
HIDDEN, GAMMA, LEARNING_RATE, DECAY, L2, EPS = 80, 0.9, 1e-3, 0.999, 1e-3, 1e-8
OUTPUT_SCALE = 0.1  # of the output layer's first weights
POOL = 400_000  # transitions: more than are ever stored

Act = Callable[[np.ndarray, int], int]  # of the observation and the number of the step, from 0


class Played(NamedTuple):
    """Means over dialogues."""

    success: float
    reward: float
    turns: float


class Dialogues:
    """Plays dialogues and stores them; each has a seed of its own."""

    def __init__(self, env: MovieTicket, pool: ReplayBuffer, seed: int) -> None:
        self._env = env
        self._pool = pool
        self._seeds = np.random.SeedSequence(seed)

    def play(self, act: Act, count: int) -> Played:
        """Play and store `count` dialogues."""
        sums, env = np.zeros(3), self._env
        for seed in self._seeds.spawn(count):
            obs, _ = env.reset(seed=int(seed.generate_state(1)[0]))
            over, step = False, 0
            while not over:
                action = act(obs, step)
                after, reward, over, _, info = env.step(action)
                self._pool.add(obs, action, reward, after, over)
                obs, step = after, step + 1
                sums[1] += reward
            sums[0] += info["figures"]["success"]
            sums[2] += info["figures"]["turns"]
        return Played(*(sums / count).tolist())


class RMSProp:
    """TC-Bot's RMSProp: the step is the gradient over the root of its mean square *and* epsilon.

    PyTorch adds epsilon to the root. A weight whose gradient is its L2 term alone, as of a feature that does
    not occur, would then move as fast as any other, to 0.
    """

    def __init__(self, net: nn.Module) -> None:
        self._squares = [(parameter, torch.zeros_like(parameter)) for parameter in net.parameters()]

    @torch.no_grad()
    def step(self) -> None:
        """Move against the gradients, and against 1/BATCH of the L2 term of weights."""
        for parameter, square in self._squares:
            assert parameter.grad is not None
            gradient = parameter.grad + (L2 / BATCH * parameter if parameter.dim() > 1 else 0.0)
            square.mul_(DECAY).addcmul_(gradient, gradient, value=1 - DECAY)
            parameter.sub_(LEARNING_RATE * gradient / (square + EPS).sqrt())


class Learner:
    """The network, 272-80-43 on the published domain, and its updates."""

    def __init__(self, env: MovieTicket) -> None:
        size, actions = env.reset(seed=0)[0].size, len(env.domain.actions)
        layers = nn.Linear(size, HIDDEN), nn.Linear(HIDDEN, actions)
        for layer in layers:  # as Glorot & Bengio (2010)
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            layers[1].weight.mul_(OUTPUT_SCALE)
        self.net = nn.Sequential(layers[0], nn.ReLU(), layers[1])
        self.target = copy.deepcopy(self.net)
        self._optimizer = RMSProp(self.net)

    def act(self, obs: np.ndarray, _: int) -> int:
        """Return the greedy action."""
        with torch.no_grad():
            return int(self.net(torch.from_numpy(obs)).argmax())

    def copy_target(self) -> None:
        """Copy the network to the target network."""
        self.target.load_state_dict(self.net.state_dict())

    def learn(self, pool: ReplayBuffer) -> None:
        """Make one update."""
        batch: Any = pool.sample(BATCH).torch()
        with torch.no_grad():
            target = batch.reward + batch.discount * self.target(batch.next_obs).max(1).values
        value = self.net(batch.obs).gather(1, batch.action.long()[:, None]).squeeze(1)
        loss = (target - value).square().mean() / 2
        self.net.zero_grad()
        loss.backward()
        self._optimizer.step()


def run(domain: Path, seed: int, epochs: int) -> list[Played]:
    """Return the score of each epoch."""
    torch.manual_seed(seed)
    env = MovieTicket(domain)
    pool = ReplayBuffer(POOL, env.observation_space, env.action_space, gamma=GAMMA, seed=seed)
    dialogues, learner, rules = Dialogues(env, pool, seed), Learner(env), RuleAgent(env.domain)
    for _ in range(WARM_DIALOGUES):
        if len(pool) < WARM_TRANSITIONS:
            dialogues.play(lambda _, step: rules.act(step), 1)
    scores: list[Played] = []
    best = 0.0
    for epoch in range(epochs):
        scores.append(dialogues.play(learner.act, EPOCH_DIALOGUES))
        if scores[-1].success >= max(best, FLUSH_FROM):
            best = scores[-1].success
            pool.clear()
            dialogues.play(learner.act, EPOCH_DIALOGUES)
        learner.copy_target()
        for _ in range(len(pool) // BATCH):
            learner.learn(pool)
        if (epoch + 1) % 10 == 0:
            sys.stderr.write(f"seed {seed}, epoch {epoch + 1}: {scores[-1]}, pool {len(pool):,}\n")
    return scores


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("domain", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    scores = run(options.domain, options.seed, options.epochs)
    line = {
        "seed": options.seed,
        "processor_seconds": round(time.process_time() - began, 1),
        "epochs": [score._asdict() for score in scores],
    }
    options.output.write_text(json.dumps(line) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
