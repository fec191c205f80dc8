"""Rows of prefixes and whole games have the same TD errors."""

from __future__ import annotations

import torch
from compare_prefix_rows import chunks, make_agent, prefix_rows, some_batch, text_of


def test_the_td_errors_are_the_same() -> None:
    batch = some_batch(3)
    whole = make_agent().learn(batch, 0).td_error
    order = torch.randperm(len(batch.weights), generator=torch.Generator().manual_seed(1))
    rows = make_agent().learn(prefix_rows(batch, order), 0).td_error
    torch.testing.assert_close(rows, whole[order], rtol=1e-3, atol=1e-5)
    assert len(whole) > 30


def test_a_row_holds_all_tokens_before_its_decision() -> None:
    batch = some_batch(2)
    width = batch.obs.window.inputs.reward.shape[1]
    rows = prefix_rows(batch, torch.arange(len(batch.weights)))
    tokens = batch.obs.window.inputs.obs
    for number, at in enumerate(batch.obs.at.tolist()):
        last = at % width
        expected = tokens[at // width, : last + 1]
        assert torch.equal(rows.obs.window.inputs.obs[number, : last + 1], expected)
    assert torch.equal(rows.obs.obs(), batch.obs.obs())
    assert torch.equal(rows.next_obs.obs(), batch.next_obs.obs())


def test_chunks_are_full_and_the_text_has_the_ratio() -> None:
    batch = some_batch(4)
    parts = chunks(batch)
    assert {len(part) for part in parts} == {64}
    assert len(torch.cat(list(parts)).unique()) == 64 * len(parts)
    assert "**40.0 times**" in text_of(1e-5, 4e-4, batch)
