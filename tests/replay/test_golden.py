"""The committed seeds give the committed batches, bit for bit, under every kernel that runs here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from replay.golden import CASES, DISTINCT, GOLDEN, HEADER, STACKED, lines

from dqn_fast import _core


@pytest.fixture(scope="module", params=_core.available_kernels())
def fresh(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQN_FAST_KERNELS", request.param)
        yield list(lines())


@pytest.fixture(scope="module")
def committed() -> list[str]:
    text = GOLDEN.read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER).splitlines()


@pytest.mark.parametrize("case", [*CASES, *STACKED, DISTINCT])
def test_the_seed_gives_its_batches(case: str, fresh: list[str], committed: list[str]) -> None:
    mine = [line for line in fresh if line.startswith(f"{case};")]
    assert mine
    assert mine == [line for line in committed if line.startswith(f"{case};")]


def test_every_committed_line_belongs_to_a_case(fresh: list[str], committed: list[str]) -> None:
    assert len(committed) == len(fresh)
