"""A slow and obvious twin of sequence networks and of learning from sequences: plain loops in float64.

Every number is computed step by step from the weights; nothing is batched, padded or shared. Vectors are
observations, and there is one hidden layer behind what remembers.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor

from dqn_fast.agent import GPT, SequenceNetwork

Weights = dict[str, Tensor]
Steps = list[tuple[Tensor, int, float]]  # observation, previous action, previous reward


def weights_of(q_net: SequenceNetwork) -> Weights:
    """Return the parameters in float64, to be differentiated by."""
    return {
        name: value.detach().double().clone().requires_grad_() for name, value in q_net.named_parameters()
    }


def outputs(q_net: SequenceNetwork, weights: Weights, steps: Steps) -> list[Tensor]:
    """Return the action values at each step of one history."""
    inputs = []
    for obs, action, reward in steps:
        one_hot = [float(action == other) for other in range(q_net.num_actions)]
        inputs.append(torch.cat([obs.double(), torch.tensor([*one_hot, reward], dtype=torch.float64)]))
    remembered = (
        _gpt(q_net.model, weights, inputs) if isinstance(q_net.model, GPT) else _recurrent(weights, inputs)
    )
    values = []
    for features in remembered:
        hidden = (weights["head.body.0.weight"] @ features + weights["head.body.0.bias"]).relu()
        values.append(weights["head.head.weight"] @ hidden + weights["head.head.bias"])
    return values


def _recurrent(weights: Weights, inputs: list[Tensor]) -> list[Tensor]:
    w_in, w_hidden = weights["body.layer.weight_ih_l0"], weights["body.layer.weight_hh_l0"]
    b_in, b_hidden = weights["body.layer.bias_ih_l0"], weights["body.layer.bias_hh_l0"]
    size = w_hidden.shape[1]
    hidden = cell = torch.zeros(size, dtype=torch.float64)
    results = []
    for x in inputs:
        from_input, from_hidden = w_in @ x + b_in, w_hidden @ hidden + b_hidden
        if len(from_input) == 4 * size:  # LSTM
            i, f, g, o = (from_input + from_hidden).split(size)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
        else:  # GRU
            reset_in, update_in, new_in = from_input.split(size)
            reset_hidden, update_hidden, new_hidden = from_hidden.split(size)
            reset, update = (reset_in + reset_hidden).sigmoid(), (update_in + update_hidden).sigmoid()
            hidden = (1 - update) * (new_in + reset * new_hidden).tanh() + update * hidden
        results.append(hidden)
    return results


def _gpt(model: GPT, weights: Weights, inputs: list[Tensor]) -> list[Tensor]:
    def linear(name: str, x: Tensor) -> Tensor:
        return weights[f"body.{name}.weight"] @ x + weights[f"body.{name}.bias"]

    def norm(name: str, x: Tensor) -> Tensor:
        scaled = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt()
        return scaled * weights[f"body.{name}.weight"] + weights[f"body.{name}.bias"]

    def turn(x: Tensor, position: int) -> Tensor:
        half = len(x) // 2
        turned = torch.zeros_like(x)
        for i in range(half):
            angle = position * 10_000.0 ** (-2 * i / len(x))
            turned[i] = x[i] * math.cos(angle) - x[half + i] * math.sin(angle)
            turned[half + i] = x[i] * math.sin(angle) + x[half + i] * math.cos(angle)
        return turned

    xs = [linear("embed", x) for x in inputs]
    size = model.size // model.heads
    for layer in range(len(model.blocks)):
        name = f"blocks.{layer}"
        parts = [linear(f"{name}.attend", norm(f"{name}.attention_norm", x)).split(model.size) for x in xs]
        after = []
        for t, x in enumerate(xs):
            seen = []
            for head in range(model.heads):
                own = slice(head * size, (head + 1) * size)
                earlier = range(max(t - model.span + 1, 0), t + 1)
                query = turn(parts[t][0][own], t)
                scores = torch.stack([query @ turn(parts[s][1][own], s) / math.sqrt(size) for s in earlier])
                shares = scores.softmax(0)
                seen.append(sum(share * parts[s][2][own] for share, s in zip(shares, earlier, strict=True)))
            x = x + linear(f"{name}.project", torch.cat(seen))
            hidden = torch.nn.functional.gelu(linear(f"{name}.mlp.0", norm(f"{name}.mlp_norm", x)))
            after.append(x + linear(f"{name}.mlp.2", hidden))
        xs = after
    return [norm("norm", x) for x in xs]


class Episode:
    """An episode as it was recorded: T actions and rewards, T + 1 observations."""

    def __init__(self, obs: Tensor, action: list[int], reward: list[float], terminated: bool) -> None:
        self.obs, self.action, self.reward, self.terminated = obs, action, reward, terminated

    def steps(self, begin: int, end: int) -> Steps:
        """Return the steps from `begin` up to `end` (bounds of a slice), with what was done before each."""
        return [
            (self.obs[t], self.action[t - 1] if t else 0, self.reward[t - 1] if t else 0.0)
            for t in range(begin, end)
        ]


def td_errors(
    q_net: SequenceNetwork,
    online: Weights,
    target: Weights,
    episode: Episode,
    cells: range,
    begin: int,
    *,
    n_step: int,
    gamma: float,
    scale: Any = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """Return TD errors (Double DQN) and values of the actions taken at `cells`, each from its own history.

    Args:
        q_net: for the sizes of its parts.
        online: weights.
        target: weights.
        episode: to learn from.
        cells: steps.
        begin: first step of every history.
        n_step: steps of each transition.
        gamma: discount factor.
        scale: a `Rescaling`, or None.
    """
    errors, values = [], []
    length = len(episode.action)
    for t in cells:
        q = outputs(q_net, online, episode.steps(begin, t + 1))[-1][episode.action[t]]
        end = min(t + n_step, length)
        goal = torch.tensor(
            sum(gamma ** (s - t) * episode.reward[s] for s in range(t, end)), dtype=torch.float64
        )
        if not (episode.terminated and end == length):
            history = episode.steps(begin, end + 1)
            best = int(outputs(q_net, online, history)[-1].argmax())
            value = outputs(q_net, target, history)[-1][best].detach()
            goal = goal + gamma ** (end - t) * (value if scale is None else scale.expand(value))
        goal = goal if scale is None else scale.squeeze(goal)
        errors.append((goal - q).detach())
        values.append(q)
    return errors, values


def other(q_net: SequenceNetwork, seed: int) -> SequenceNetwork:
    """Return a copy with other weights."""
    changed = copy.deepcopy(q_net)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in changed.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return changed
