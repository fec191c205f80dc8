"""README's example is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dqn_fast import ReplayBuffer

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_examples_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    first, second = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(first, "README.md", "exec"), names)
    buffer, batch = names["buffer"], names["batch"]
    assert len(buffer) == 1_000
    assert batch.obs.shape == (32, 4)
    assert batch.reward.max() > 1, "n-step returns of CartPole are larger than its rewards"
    names["ReplayBuffer"] = ReplayBuffer
    exec(compile(second, "README.md", "exec"), names)
    assert len(names["buffer"]) == len(names["everything"].indices) == 1_000
