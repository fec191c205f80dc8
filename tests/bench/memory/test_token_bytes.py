"""The games whose bytes are compared: both ways store the same decisions."""

from __future__ import annotations

import compare_token_bytes as bytes_of
import numpy as np


def test_games_come_back_whole_as_segments_and_their_prefixes_as_transitions() -> None:
    played = bytes_of.games(20, seed=3)
    for way in bytes_of.ways(played):
        way.store(played)
        if way.as_segments:
            batch = way.buffer.sample_segments(100)
            stored = [row.tobytes() for row in np.split(batch.obs, batch.offsets[1:-1])]
            assert set(stored) == {game.tokens.tobytes() for game in played}
            assert batch.complete.all()
        else:
            rows = way.buffer.transitions()
            prefixes = [game.tokens[: place + 1] for game in played for place in game.decisions]
            assert [row[: len(prefix)].tolist() for row, prefix in zip(rows.obs, prefixes, strict=True)] == [
                prefix.tolist() for prefix in prefixes
            ]
        written = sum(len(game.decisions) for game in played)
        assert len(way.buffer) == written


def test_the_table_has_a_row_for_each_way() -> None:
    played = bytes_of.games(5)
    text = bytes_of.table(played)
    assert all(way.name in text for way in bytes_of.ways(played))
