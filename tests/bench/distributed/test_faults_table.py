"""An actor's death is read off what was seen: what the others kept, and when all were back."""

from __future__ import annotations

import pytest
from faults import ActorDies, table


def test_rates_before_and_behind_a_death() -> None:
    seen = ActorDies()
    seen._killed = 20.0
    # Ten chunks a second of each; without the third, twelve; it is back at 30.
    counts = [0.0, 0.0, 0.0]
    for tick in range(500):
        at = tick / 10
        is_dead = 20 < at < 30
        counts = [
            counts[0] + (1.2 if is_dead else 1),
            counts[1] + (1.2 if is_dead else 1),
            counts[2] + (not is_dead),
        ]
        seen._rows.append((at, [round(count) for count in counts]))
    result = seen.result()
    assert result["others_kept"] == pytest.approx(1.2, rel=0.03)
    assert result["plays_again"] == pytest.approx(10, abs=0.3)
    assert result["full_rate"] == pytest.approx(10, abs=0.5)


def test_the_table_says_what_must_be_and_what_was_seen() -> None:
    actor = {"date": "2000-01-01", "others_kept": 0.9, "plays_again": 5.0, "full_rate": 6.04}
    shard = {
        "date": "2000-01-02",
        "ray": "2",
        "killed": 3,
        "exceptions": 0,
        "given": 1_000,
        "wrong": 2,
        "stale": 7,
    }
    made = table({"actor": actor, "shard": shard})
    assert "| 0.8 | 0.90 |" in made and "| 20 s | 6.0 s |" in made
    assert "| wrong ones of 1,000 priorities | 0 | 2 |" in made
