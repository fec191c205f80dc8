"""The weights that did best in evaluations of their own are kept."""

from __future__ import annotations

import numpy as np
import torch
from training.tiny import Tiny

from dqn_fast.agent import make_q_net
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.selection import BestModel


def row(step: int) -> MetricsRow:
    return MetricsRow(step, *[0] * (len(MetricsRow._fields) - 1))


def selection(stop: bool = False) -> tuple[torch.nn.Linear, BestModel]:
    q_net = make_q_net(Tiny.observation_space, Tiny.action_space, (), torch.Generator().manual_seed(0))
    layer = q_net.head
    assert isinstance(layer, torch.nn.Linear)
    best = BestModel(q_net, Tiny(), period=100, episodes=3, seed=5, should_stop=lambda: stop)
    return layer, best


def prefer(layer: torch.nn.Linear, right: bool) -> None:
    """Always right reaches the end (return 1), always left never does (return 0)."""
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(torch.tensor([0.0, 1.0 if right else -1.0]))


def test_the_best_weights_come_back_however_bad_the_last_are():
    layer, best = selection()
    for step, right in ((100, False), (200, True), (300, False)):
        prefer(layer, right)
        best(row(step))
    best.restore()
    assert best.best is not None
    assert (best.best[0], best.best[1].mean) == (200, 1.0)
    np.testing.assert_array_equal(layer.bias.detach().numpy(), [0.0, 1.0])


def test_of_equally_good_weights_the_later_are_kept():
    layer, best = selection()
    for step in (100, 200):
        prefer(layer, True)
        best(row(step))
    assert best.best is not None
    assert best.best[0] == 200


def test_it_evaluates_once_a_period():
    layer, best = selection()
    prefer(layer, True)
    for step in (50, 99):
        best(row(step))
    assert best.best is None
    best(row(130))  # the first row at or after 100
    prefer(layer, False)
    best(row(229))
    assert best.best is not None
    assert best.best[0] == 130


def test_without_an_evaluation_the_weights_stay():
    layer, best = selection(stop=True)
    prefer(layer, False)
    best(row(100))
    best.restore()
    assert best.best is None
    assert layer.bias[1] == -1.0
