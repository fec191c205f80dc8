"""The same training by each trainer, for a few steps in real processes."""

from __future__ import annotations

import pytest
from compare_trainings import Line, Measured, make_lines, measure, table


def short(line: Line) -> Line:
    settings = line.settings._replace(
        steps=256, learning_starts=100, hidden_sizes=(8,), learn_period=128, learn_updates=2
    )
    return line._replace(settings=settings)


def test_all_trainers_make_the_same_steps_and_updates() -> None:
    pytest.importorskip("stable_baselines3")
    zoo = short(make_lines(256, None, "")[0])
    measure([zoo], 1)
    for (measured,) in zoo.measured.values():
        assert (measured.steps, measured.updates) == (256, 4)
        assert 0 < measured.learn_seconds < measured.seconds or measured.learn_seconds == 0
        beside_updates = measured.seconds - measured.learn_seconds
        assert 0 < measured.environment_seconds < beside_updates or measured.environment_seconds == 0


def test_lengths_are_whole_rounds() -> None:
    assert [line.settings.steps for line in make_lines(1000, None, "")] == [1024, 1024, 1000, 1000]


def test_the_table_divides_medians_by_ours() -> None:
    line, *_ = make_lines(1000, None, "")
    for ours, theirs in ((1.0, 3.0), (2.0, 5.0), (9.0, 4.0)):
        line.measured["dqn_fast"].append(Measured(1024, 10, ours, ours / 2, ours / 4, ours / 8))
        line.measured["SB3"].append(Measured(1024, 10, theirs, theirs))
    _, _, first, second = table([line]).splitlines()
    assert first.split(" | ")[-7:] == ["1,024", "10", "512", "1.00", "1.00", "1464.8", "244.1 |"]
    assert second.split(" | ")[-7:] == ["1,024", "10", "256", "2.00", "4.00", "", " |"]


def test_different_work_is_an_error() -> None:
    class Fake:
        def __init__(self, updates: int) -> None:
            self.updates = updates

        def train(self, settings: object) -> Measured:
            return Measured(256, self.updates, 1.0, 1.0)

    trainers = {"dqn_fast": Fake(4), "lazy": Fake(1)}
    line, *_ = make_lines(256, None, "")
    fake = line._replace(trainers=trainers, measured={name: [] for name in trainers})  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"got steps and updates .*'lazy': \(256, 1\).*, expected the same of all$"
    ):
        measure([fake], 1)
