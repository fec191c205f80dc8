"""The means of a batch against exact sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dqn_fast.agent.batch_means import BatchMeans

COLUMNS = st.integers(1, 9).flatmap(
    lambda rows: st.lists(
        hnp.arrays(np.float64, rows, elements=st.floats(-100, 100, width=32)), min_size=3, max_size=3
    )
)


@given(COLUMNS)
def test_both_means(columns: list[Any]) -> None:
    loss, weights, q = columns
    means = BatchMeans(torch.float64)
    means(*(torch.from_numpy(column * 2 + 1) for column in columns))  # of another batch
    mean_loss, mean_q = means(*map(torch.from_numpy, columns))
    rows = len(q)
    assert mean_loss == pytest.approx(math.fsum(loss * weights) / rows, rel=1e-9, abs=1e-9)
    assert mean_q == pytest.approx(math.fsum(q) / rows, rel=1e-9, abs=1e-9)
