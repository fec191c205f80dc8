"""Both ways to read a text give the same features, and an agent on a frozen body holds it once."""

from __future__ import annotations

from pathlib import Path

import compare_bodies
import pytest
import torch
from bodies import save_body


@torch.no_grad()
def test_ratios_are_of_the_same_work(tmp_path: Path) -> None:
    save_body(tmp_path)
    way, tokens = compare_bodies.pretrained(tmp_path), torch.arange(16).view(2, 8)
    anew = way.anew(tokens).last_hidden_state
    torch.testing.assert_close(way.cached(tokens), anew[:, -1:], rtol=1e-5, atol=1e-5)


def test_shares_and_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_bodies, "WORDS", 21)
    save_body(tmp_path, n_embd=64)
    shares = dict(compare_bodies.shares_of_memory(tmp_path))
    assert {name: round(share) for name, share in shares.items()} == {"frozen": 1, "shared": 4, "trained": 5}
    text = compare_bodies.text_of([1.0, 2.0, 3.0, 4.25], shares)
    assert "| 1.0 | 2.0 | 3.0 | 4.2 |" in text
    assert "(network, target, gradient and Adam\ntogether): frozen 1." in text
