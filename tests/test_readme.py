"""README's example is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_example_runs_as_it_stands():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    buffer, batch = names["buffer"], names["batch"]
    assert len(buffer) == 1_000
    assert batch.obs.shape == (32, 4)
    assert batch.reward.max() > 1, "n-step returns of CartPole are larger than its rewards"
