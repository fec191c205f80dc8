"""Observations of several arrays, in dicts and dicts of dicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from replay.support.building import flat

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def obs_of(t: int) -> dict[str, Any]:
    """An observation that is another one in each array at each t."""
    return {
        "speed": np.float32([t, -t]),
        "camera": {
            "left": np.full((4, 4), t, np.uint8),
            "right": np.full((20, 20), t, np.uint8),  # wide
        },
        "gear": np.int64(t),
        "a": {"deep": {"nest": np.float64([[t]])}},
    }


def act(buffer: Any, obs: Any, next_obs: Any, **more: Any) -> None:
    buffer.add(**{"obs": obs, "action": 0, "reward": 1.0, "next_obs": next_obs, "terminated": False, **more})


def walked(buffer: Any, steps: int) -> Any:
    for t in range(steps):
        act(buffer, obs_of(t), obs_of(t + 1))
    return buffer


def assert_same(real: Any, expected: list[Any]) -> None:
    """The arrays of a batch are the observations, in the same dicts."""
    names = flat("", expected[0])
    assert flat("", real).keys() == names.keys()
    for name in names:
        column = np.stack([flat("", obs)[name] for obs in expected])
        array = flat("", real)[name]
        assert (array.dtype, array.shape, array.tobytes()) == (column.dtype, column.shape, column.tobytes())


@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
def test_a_nested_dict_comes_back_as_it_went_in(kind: Any) -> None:
    buffer = walked(kind(20, seed=0), 30)
    batch = buffer.sample(40, n_step=3)
    starts = batch.indices.tolist()
    assert_same(batch.obs, [obs_of(t) for t in starts])
    assert_same(batch.next_obs, [obs_of(min(t + 3, 30)) for t in starts])
    assert type(batch.obs) is type(batch.obs["camera"]) is dict
    assert buffer.stats()["segments"] == 1


@pytest.mark.parametrize("name", flat("", obs_of(0)))
def test_a_difference_in_any_array_is_a_break(name: str) -> None:
    buffer = walked(ReplayBuffer(20, seed=0), 1)
    other = obs_of(1)
    array = flat("", other)[name]
    path = name.strip("[]'").split("']['")
    inner = other
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = array + array.dtype.type(1)
    act(buffer, other, obs_of(2))
    assert buffer.stats()["segments"] == 2
    batch = buffer.transitions(n_step=2)
    assert_same(batch.obs, [obs_of(0), other])
    assert_same(batch.next_obs, [obs_of(1), obs_of(2)])


def test_the_order_of_the_keys_means_nothing() -> None:
    buffer = walked(ReplayBuffer(20, seed=0), 1)
    turned = dict(reversed(obs_of(1).items()))
    turned["camera"] = dict(reversed(turned["camera"].items()))
    act(buffer, turned, obs_of(2))
    assert buffer.stats()["segments"] == 1
    assert_same(buffer.transitions().obs, [obs_of(0), obs_of(1)])


def test_any_mapping_is_a_dict() -> None:
    from collections import OrderedDict
    from types import MappingProxyType

    buffer = ReplayBuffer(20, seed=0)
    act(buffer, OrderedDict(obs_of(0)), MappingProxyType(obs_of(1)))
    assert_same(buffer.transitions().next_obs, [obs_of(1)])


def test_each_array_keeps_the_dtype_of_the_first_step_and_later_ones_are_converted() -> None:
    buffer = ReplayBuffer(20, seed=0)
    act(buffer, {"a": 1, "b": [0.5, 1.0], "c": np.uint8(3)}, {"a": 2, "b": [1.0, 2], "c": 4})
    act(buffer, {"a": np.int8(2), "b": np.float64([1, 2]), "c": 4}, {"a": 3, "b": [0, 0], "c": 255})
    assert {k: v.dtype.name for k, v in buffer.sample(1).obs.items()} == {
        "a": "int64",
        "b": "float32",
        "c": "uint8",
    }
    assert buffer.stats()["segments"] == 1


def test_environments_come_side_by_side_in_each_array() -> None:
    buffer = ReplayBuffer(20, num_envs=2, seed=0)

    def both(t: int) -> dict[str, Any]:
        return {"x": np.float32([[t], [t + 100]]), "y": {"z": np.int64([t, t + 100])}}

    zeros = np.zeros(2)
    for t in range(5):
        mask = np.array([True, t % 2 == 0])
        act(
            buffer, both(t), both(t + 1), action=zeros, reward=zeros, terminated=zeros.astype(bool), mask=mask
        )
    batch = buffer.transitions()
    assert batch.obs["x"][:, 0].tolist() == batch.obs["y"]["z"].tolist() == [0, 1, 2, 3, 4, 100, 102, 104]
    assert batch.next_obs["y"]["z"].tolist() == [1, 2, 3, 4, 5, 101, 103, 105]


def test_extend_takes_dicts_of_rows() -> None:
    one, other = walked(ReplayBuffer(20, seed=0), 30), ReplayBuffer(20, seed=0)
    names = flat("", obs_of(0))

    def rows(ts: range) -> Any:
        columns = {name: np.stack([flat("", obs_of(t))[name] for t in ts]) for name in names}
        return {
            "speed": columns["['speed']"],
            "gear": columns["['gear']"],
            "camera": {"left": columns["['camera']['left']"], "right": columns["['camera']['right']"]},
            "a": {"deep": {"nest": columns["['a']['deep']['nest']"]}},
        }

    ones = np.ones(30, np.float32)
    other.extend(rows(range(30)), np.zeros(30, int), ones, rows(range(1, 31)), np.zeros(30, bool))
    assert one.stats() == other.stats()
    for a, b in ((one.transitions(), other.transitions()), (one.sample(16), other.sample(16))):
        assert {k: v.tobytes() for k, v in flat("", a.obs).items()} == {
            k: v.tobytes() for k, v in flat("", b.obs).items()
        }


def test_spaces_may_be_dicts_of_dicts_of_every_kind() -> None:
    spaces = pytest.importorskip("gymnasium.spaces")
    space = spaces.Dict(
        image=spaces.Box(0, 255, (3, 20, 20), np.uint8),
        inner=spaces.Dict(
            number=spaces.Discrete(5), bits=spaces.MultiBinary(4), many=spaces.MultiDiscrete([3, 4])
        ),
        vector=spaces.Box(-1, 1, (2,), np.float64),
    )
    space.seed(0)
    buffer = ReplayBuffer(8, space, spaces.Discrete(2), seed=0)
    assert buffer.nbytes > 0
    assert buffer.empty_batch(3).obs["inner"]["many"].shape == (3, 2)
    places = [space.sample() for _ in range(4)]
    for i in range(3):
        act(buffer, places[i], places[i + 1])
    batch = buffer.transitions()
    assert_same(batch.obs, places[:-1])
    assert_same(batch.next_obs, places[1:])


def test_a_batch_of_dicts_can_be_filled_again_and_turned_into_tensors() -> None:
    torch = pytest.importorskip("torch")
    buffer = walked(ReplayBuffer(20, seed=0), 10)
    out = buffer.empty_batch(16)
    left = out.obs["camera"]["left"]
    assert buffer.sample(16, out=out) is out
    assert out.obs["camera"]["left"] is left
    assert left[:, 0, 0].tolist() == out.indices.tolist()
    tensors = out.torch()
    assert torch.equal(tensors.obs["a"]["deep"]["nest"].reshape(-1), tensors.indices.double())
    other = buffer.empty_batch(16, torch=True)
    buffer.sample(16, out=other)
    assert torch.equal(other.obs["gear"], other.indices)


def test_no_array_of_a_batch_shares_memory_with_another() -> None:
    buffer = walked(ReplayBuffer(20, seed=0), 10)
    batches = [buffer.sample(8), buffer.sample(8), buffer.transitions()]
    arrays = [a for b in batches for obs in (b.obs, b.next_obs) for a in flat("", obs).values()]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_one_frame_stack_for_all_keys_or_one_for_each() -> None:
    both = {"a": np.zeros((4, 6), np.uint8), "b": {"c": np.zeros((2, 8), np.float32)}}
    whole = []
    for frame_stack, frame_axis in (
        (2, 0),
        ({"a": 2, "b": {"c": 2}}, {}),
        ({"b": {"c": 4}}, {"b": {"c": -1}}),
        ({"a": 3}, {"a": 1, "b": {"c": 1}}),
        ({}, 0),
    ):
        buffer = ReplayBuffer(10_000, frame_stack=frame_stack, frame_axis=frame_axis)
        act(buffer, both, both)
        whole.append(buffer.stats()["bytes"])
    assert [sizes["obs['a']"] for sizes in whole] == [24, 24, 48, 16, 48]
    assert [sizes["obs['b']['c']"] for sizes in whole] == [64, 64, 32, 128, 128]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("obs", np.zeros(2)),
        ("obs", {"gear": 0}),
        ("obs", {**obs_of(0), "more": 0}),
        ("obs", {**obs_of(0), "camera": np.zeros((4, 4), np.uint8)}),
        ("obs", {**obs_of(0), "gear": {"first": 1}}),
        ("next_obs", {**obs_of(0), "camera": {"left": np.zeros((4, 4), np.uint8)}}),
        ("next_obs", {}),
        ("next_obs", None),
    ],
)
def test_other_keys_are_refused_by_name_and_change_nothing(argument: str, value: Any) -> None:
    buffer = walked(ReplayBuffer(20, seed=0), 3)
    before = buffer.stats()
    with pytest.raises((ValueError, TypeError), match=rf"^{argument}: got .*expected"):
        act(buffer, **{"obs": obs_of(3), "next_obs": obs_of(4), argument: value})
    assert buffer.stats() == before
    act(buffer, obs_of(3), obs_of(4))
    assert buffer.stats()["segments"] == 1


def test_a_bad_array_is_named_by_its_place_in_the_dicts() -> None:
    buffer = walked(ReplayBuffer(20, seed=0), 3)
    bad = {**obs_of(3), "camera": {**obs_of(3)["camera"], "left": np.zeros((4, 5), np.uint8)}}
    with pytest.raises(ValueError, match=r"obs\['camera'\]\['left'\]: got shape \(4, 5\), expected \(4, 4\)"):
        act(buffer, bad, obs_of(4))
    with pytest.raises(TypeError, match=r"next_obs\['gear'\]: got .*float64"):
        act(buffer, obs_of(3), {**obs_of(4), "gear": 0.5})
    assert buffer.stats()["added"] == 3


def test_a_dict_for_an_array_is_refused() -> None:
    buffer = ReplayBuffer(20, seed=0)
    act(buffer, np.zeros(3), np.zeros(3))
    for argument in ("obs", "next_obs"):
        with pytest.raises((TypeError, ValueError), match=rf"\b{argument}\b.*dict"):
            act(buffer, **{"obs": np.zeros(3), "next_obs": np.zeros(3), argument: obs_of(0)})
    assert len(buffer) == 1
