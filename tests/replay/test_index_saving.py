"""A `PriorityIndex` that is saved or copied goes on as the one that it was made from."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from dqn_fast import PriorityIndex


@pytest.mark.parametrize("how", ["file", "pickle", "deepcopy", "copy"])
def test_a_copy_goes_on_and_shares_nothing(how: str, tmp_path: Path) -> None:
    index = PriorityIndex(10, beta=0.9, weight_normalization="none", seed=4)
    index.add(10, priority=1.5)
    index.add(3)
    if how == "file":
        index.save(tmp_path / "index")
        other = PriorityIndex.load(tmp_path / "index")
    else:
        other = {"pickle": lambda i: pickle.loads(pickle.dumps(i))}.get(how, getattr(copy, how, None))(index)
    for _ in range(3):
        for a, b in zip(index.sample(20), other.sample(20), strict=True):
            assert a.tobytes() == b.tobytes()
        assert index.add(2).tolist() == other.add(2).tolist()
    other.clear()
    assert len(index) == 10 and len(other) == 0


def test_only_what_was_used_is_written(tmp_path: Path) -> None:
    index = PriorityIndex(1_000_000)
    index.add(10)
    index.save(tmp_path / "index")
    assert (tmp_path / "index").stat().st_size < 1_000


def test_every_damaged_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = PriorityIndex(3, seed=0)
    index.add(3)
    index.save(path)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with pytest.raises(ValueError, match="saved buffer"):
            PriorityIndex.load(path)
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(ValueError, match=str(path)):
            PriorityIndex.load(path)


def test_a_subclass_is_saved_as_itself(tmp_path: Path) -> None:
    class NamedIndex(PriorityIndex):
        pass

    NamedIndex(4).save(tmp_path / "index")
    assert type(PriorityIndex.load(tmp_path / "index")) is NamedIndex
