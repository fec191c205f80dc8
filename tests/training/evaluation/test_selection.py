"""The weights that did best in their evaluations are kept."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from training.tiny import Tiny

from dqn_fast.agent import make_q_net
from dqn_fast.training.evaluation.evaluate import Evaluation
from dqn_fast.training.evaluation.selection import BestModel
from dqn_fast.training.metrics import MetricsRow


def row(step: int) -> MetricsRow:
    return MetricsRow(step, *[0] * (len(MetricsRow._fields) - 1))


class Counted(Tiny):
    """Says how many episodes began."""

    begun = 0

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self.begun += 1
        return super().reset(**kwargs)


def selection(
    stop: bool = False, *, env: Tiny | None = None, episodes: int = 3
) -> tuple[torch.nn.Linear, BestModel]:
    q_net = make_q_net(Tiny.observation_space, Tiny.action_space, (), torch.Generator().manual_seed(0))
    layer = q_net.head
    assert isinstance(layer, torch.nn.Linear)
    env = env or Tiny()
    best = BestModel(q_net, env, period=100, episodes=episodes, seed=5, should_stop=lambda: stop)
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


def test_who_falls_behind_is_given_up_early() -> None:
    env = Counted()
    layer, best = selection(env=env, episodes=35)
    played = []
    for step, right in ((100, True), (200, False), (300, True), (400, False)):
        prefer(layer, right)
        before = env.begun
        best(row(step))
        played.append(env.begun - before)
    assert played == [35, 10, 35, 10]
    assert best.best is not None
    assert (best.best[0], best.best[1].returns) == (300, [1.0] * 35)


@given(st.lists(st.lists(st.integers(0, 3), min_size=45, max_size=45), min_size=1, max_size=6))
def test_the_best_of_those_that_play_all_episodes_is_kept(evaluations: list[list[int]]) -> None:
    best_model: Any = selection(episodes=45)[1]
    finished = []
    for step, returns in enumerate(evaluations):

        def play(policy: Any, env: Any, count: int, seed: int, **_: Any) -> Evaluation:
            return Evaluation([float(value) for value in returns[seed - 5 : seed - 5 + count]])  # noqa: B023

        with mock.patch("dqn_fast.training.evaluation.selection.evaluate", play):
            evaluation = best_model._evaluate()
            rivals = finished and max(finished, key=lambda one: (np.mean(one[1]), one[0]))[1]
            gaps = (
                [np.subtract(returns[:count], rivals[:count]) for count in (10, 20, 40, 45)] if rivals else []
            )
            behind = [len(gap) for gap in gaps if gap.mean() < -gap.std() / len(gap) ** 0.5]
            assert evaluation.returns == returns[: (behind or [45])[0]]
            best_model(row(100 * (step + 1)))
        if not behind or behind[0] == 45:
            finished.append((step, returns))
        expected = max(finished, key=lambda one: (np.mean(one[1]), one[0]))
        assert best_model.best == (100 * (expected[0] + 1), Evaluation([float(x) for x in expected[1]]))


def test_without_an_evaluation_the_weights_stay():
    layer, best = selection(stop=True)
    prefer(layer, False)
    best(row(100))
    best.restore()
    assert best.best is None
    assert layer.bias[1] == -1.0


def test_a_return_of_nan_is_below_all_others() -> None:
    best_model: Any = selection()[1]
    kept = []
    for number, value in enumerate([np.nan, np.nan, 1.0, np.nan, 0.5, 2.0], 1):
        play = mock.Mock(return_value=Evaluation([value] * 3))
        with mock.patch("dqn_fast.training.evaluation.selection.evaluate", play):
            best_model(row(100 * number))
        kept.append(best_model.best[0])
    assert kept == [100, 200, 300, 300, 300, 600]
