"""Which measurement of ours stands beside which rival's, and their ratios."""

from __future__ import annotations

import pytest
from ratios import Comparison, Measurement, Results, comparisons, rows, table
from scenarios import Limit


def measured(
    contender: str,
    us: float,
    normalization: str | None = None,
    *,
    title: str = "sample",
    counts: bool = True,
    turn: int = 0,
    limit: Limit | None = None,
) -> Measurement:
    return Measurement(title, contender, normalization, counts, turn, 1000, 1, 3.0, limit, None, us)


def test_a_rival_stands_beside_ours_with_its_normalisation() -> None:
    found = [
        measured("ours", 2, "batch"),
        measured("ours", 5, "buffer"),
        measured("tianshou", 20, "batch"),
        measured("cpprb", 20, "buffer"),
    ]
    (row,) = rows(found)
    assert {rival.name: (rival.us, rival.ours_us, rival.times) for rival in row.rivals} == {
        "tianshou": (20, 2, 10),
        "cpprb": (20, 5, 4),
    }
    assert row.ours_us == 2
    assert row.best is not None and row.best.name == "cpprb"


def test_a_rival_without_ours_at_its_normalisation_is_left_out() -> None:
    (row,) = rows([measured("ours", 2, "batch"), measured("cpprb", 20, "buffer")])
    assert row.rivals == () and row.best is None


def test_a_recipe_that_does_not_count_is_shown_but_never_the_best() -> None:
    (row,) = rows([measured("ours", 2), measured("Python", 1, counts=False), measured("cpprb", 8)])
    assert [rival.name for rival in row.rivals] == ["Python", "cpprb"]
    assert row.best is not None and row.best.name == "cpprb"


def test_the_ratio_is_the_median_of_those_of_the_turns() -> None:
    # The machine is ten times as slow in the last turn for both, and in the first turn for the rival alone.
    found = [measured("ours", us, turn=turn) for turn, us in enumerate((1, 2, 20))]
    found += [measured("cpprb", us, turn=turn) for turn, us in enumerate((100, 8, 80))]
    (row,) = rows(found)
    assert row.rivals[0].times == 4


def test_only_turns_of_both_are_compared() -> None:
    found = [measured("ours", 2, turn=0), measured("ours", 4, turn=1), measured("cpprb", 8, turn=1)]
    (row,) = rows(found)
    assert row.rivals[0].times == 2


def test_a_row_with_a_limit_is_compared_with_the_other_row_and_is_no_row_of_rivals() -> None:
    limit = Limit(2.5, "small", "ours")
    found = [
        measured("ours", 10, "batch", title="small"),
        measured("ours", 30, "buffer", title="small"),
        measured("ours", 20, "batch", title="large", limit=limit),
        measured("ours", 90, "buffer", title="large", limit=limit),
    ]
    assert comparisons(found) == [Comparison("large", 20, limit, 10, 2)]
    assert [row.title for row in rows(found)] == ["small"]


def test_a_limit_against_another_contender_of_the_same_row() -> None:
    limit = Limit(1.3, "sample", "a plain copy")
    found = [measured("ours", 12, limit=limit), measured("a plain copy", 10, limit=limit)]
    assert [one.times for one in comparisons(found)] == [pytest.approx(1.2)]


def test_a_copy_without_weights_limits_ours_at_any_normalisation() -> None:
    limit = Limit(1.5, "sample", "a plain copy")
    found = [measured("ours", 12, "batch", limit=limit), measured("a plain copy", 10, limit=limit)]
    assert [one.times for one in comparisons(found)] == [pytest.approx(1.2)]


def test_a_limit_whose_other_row_was_not_measured_is_left_out() -> None:
    assert comparisons([measured("ours", 12, limit=Limit(2.5, "small", "ours"))]) == []


def test_a_cost_is_given_for_each_transition_of_a_call() -> None:
    extend = measured("ours", float("nan"))._replace(per=1000)
    assert extend.timed(0.002).median_us == pytest.approx(2)


def test_the_table_has_a_line_for_each_row_and_a_dash_where_nothing_was_measured() -> None:
    found = [
        measured("ours", 2),
        measured("cpprb", 8),
        measured("SB3", 10, title="add"),
        measured("ours", 1, title="add"),
    ]
    lines = table(rows(found))
    assert lines[0].split()[-5:] == ["ours", "cpprb", "SB3", "best", "goal"]
    assert lines[2].split() == ["sample", "2", "4", "-", "4", "3"]
    assert lines[3].split() == ["add", "1", "-", "10", "10", "3"]


def test_nothing_measured_gives_no_lines() -> None:
    assert Results().lines() == []
