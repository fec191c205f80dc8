"""Both ways to read a text give the same features, and an agent on a frozen body holds it once."""

from __future__ import annotations

from pathlib import Path

import compare_bodies
import pytest
import torch
from bodies import save_body


@torch.no_grad()
@pytest.mark.parametrize("model", ["own", "pretrained"])
def test_ratios_are_of_the_same_work(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_bodies, "WORDS", 21)
    save_body(tmp_path)
    way = compare_bodies.own(8) if model == "own" else compare_bodies.pretrained(tmp_path)
    tokens = torch.arange(16).view(2, 8)
    kept, anew = way.cached(tokens), way.anew(tokens)
    anew = anew[0] if model == "own" else anew.last_hidden_state
    torch.testing.assert_close(kept, anew[:, -1:], rtol=1e-5, atol=1e-5)


def test_shares_and_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_bodies, "WORDS", 21)
    save_body(tmp_path, n_embd=64)
    shares = dict(compare_bodies.shares_of_memory(tmp_path))
    assert {name: round(share) for name, share in shares.items()} == {"frozen": 1, "shared": 4, "trained": 5}
    text = compare_bodies.text_of({"our GPT": [1.0, 2.0, 3.0, 4.25]}, shares)
    assert "| our GPT | 1.0 | 2.0 | 3.0 | 4.2 |" in text
    assert "(network, target, gradient and Adam\ntogether): frozen 1." in text
