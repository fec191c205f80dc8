"""One table of bad inputs: the error that each gets, and the proof that it changed nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from replay.support.bad_constructions import BAD_CONSTRUCTIONS, BAD_FIRST_STEPS, BAD_STACKS
from replay.support.bad_inputs import BAD, DICTS, GOOD, LEFT_OUT, METHODS, STEP, VECTOR
from replay.support.building import columns_of

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


def build(call: str) -> Any:
    """A buffer of three steps a stream, for the kind of call."""
    kind = ReplayBuffer if call.startswith("uniform") else PrioritizedReplayBuffer
    options: dict[str, Any] = {} if kind is ReplayBuffer else {"alpha": 1.0, "weight_normalization": "buffer"}
    if call.startswith("same-step"):
        options["autoreset"] = "same_step"
    extra_fields = {"log_prob": ((), "float32"), "byte": ((), "uint8")}
    buffer = kind(10, num_envs=1 + ("two" in call), extra_fields=extra_fields, seed=7, **options)
    for _ in range(3):
        buffer.add(**good_step(call))
    buffer.sample(3)
    return buffer


def good_step(call: str) -> dict[str, Any]:
    """A step that joins the one before it."""
    step = VECTOR if "two" in call else STEP
    step = {**step, **DICTS} if call.startswith("dict") else step
    return {**step, "obs": step["next_obs"]}


def do(buffer: Any, call: str, arguments: dict[str, Any]) -> None:
    name = re.sub("^(uniform|dict|same-step) ", "", call).split()[0]
    method = METHODS.get(name, name)
    getattr(buffer, method)(**{key: value for key, value in arguments.items() if value is not LEFT_OUT})


def behaviour(buffer: Any, call: str) -> list[Any]:
    """All that can be seen of a buffer, and what it does next."""
    seen: list[Any] = [len(buffer), buffer.stats(), buffer.is_full(), buffer.nbytes, buffer.is_valid()]
    for _ in range(3):
        batch = buffer.sample(64, n_step=3)
        columns = {**columns_of(batch), "weights": batch.weights, "indices": batch.indices}
        seen.append({name: value.tobytes() for name, value in columns.items()})
        buffer.add(**good_step(call))
        seen.append(buffer.stats())
    return seen


def ids(table: list[tuple[Any, ...]]) -> list[str]:
    names = (" ".join(x for x in case[:2] if isinstance(x, str)) for case in table)
    return [f"{i} {name}" for i, name in enumerate(names)]


@pytest.mark.parametrize(("call", "argument", "value", "error", "came"), BAD, ids=ids(BAD))
def test_bad_input_gets_its_error_and_changes_nothing(
    call: str, argument: str, value: Any, error: type[Exception], came: str
) -> None:
    buffer, undisturbed = build(call), build(call)
    with pytest.raises(error, match=came) as caught:
        do(buffer, call, {**GOOD[call], argument: value})
    says = str(caught.value)
    assert re.search(rf"\b{argument}\b|\b(a uniform buffer|buffer samples uniformly)\b", says), says
    assert "expected" in says, says
    assert len(says) < 300
    assert behaviour(buffer, call) == behaviour(undisturbed, call)


@pytest.mark.parametrize("call", [call for call in GOOD if call != "uniform update"])
def test_the_same_call_with_nothing_replaced_is_good(call: str) -> None:
    do(build(call), call, GOOD[call])


@pytest.mark.parametrize(
    ("argument", "value", "error", "came"), BAD_CONSTRUCTIONS, ids=ids(BAD_CONSTRUCTIONS)
)
def test_a_bad_option_gets_its_error(argument: str, value: Any, error: type[Exception], came: str) -> None:
    with pytest.raises(error, match=rf"(?s)\b{argument}\b.*({came})"):
        PrioritizedReplayBuffer(**{"capacity": 10, "num_envs": 2, argument: value})


@pytest.mark.parametrize(("structure", "options", "argument", "came"), BAD_STACKS)
def test_a_stack_that_does_not_fit_the_observation_gets_its_error(
    structure: str, options: dict[str, Any], argument: str, came: str
) -> None:
    says = rf"{argument}: got .*{came}.*(expected|but the observation is)"
    obs = STEP["obs"] if structure == "array" else DICTS["obs"]
    with pytest.raises(ValueError, match=says):
        ReplayBuffer(10, **options).add(obs, 0, 0.0, obs, False)
    spaces = pytest.importorskip("gymnasium.spaces")
    space: Any = spaces.Box(0, 1, (3,))
    if structure == "dict":
        space = spaces.Dict({"a": space, "in": spaces.Dict({"b": spaces.Box(0, 1, (2,))})})
    with pytest.raises(ValueError, match=says):
        ReplayBuffer(10, space, spaces.Discrete(2), **options)


@pytest.mark.parametrize(("argument", "value", "error"), BAD_FIRST_STEPS, ids=ids(BAD_FIRST_STEPS))
def test_a_bad_first_step_fixes_no_shape(argument: str, value: Any, error: type[Exception]) -> None:
    def new() -> Any:
        return PrioritizedReplayBuffer(10, extra_fields={"log_prob": ((), "float32")}, seed=7)

    buffer, undisturbed = new(), new()
    bad = {**STEP, argument: value}
    bad.pop("byte")
    with pytest.raises(error, match=rf"\b{argument}\b"):
        do(buffer, "add", bad)
    assert (len(buffer), buffer.nbytes) == (0, 0)
    other = {"action": 0.5, "reward": 1, "terminated": True, "log_prob": 0.5}
    for each in (buffer, undisturbed):
        each.add(obs=np.zeros((2, 2), np.uint8), next_obs=np.zeros((2, 2), np.uint8), **other)
    assert buffer.stats() == undisturbed.stats()
    assert buffer.sample(64).indices.tolist() == undisturbed.sample(64).indices.tolist()


@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
def test_an_empty_buffer_gives_no_batch(kind: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        kind(4).sample(1)
    with pytest.raises(ValueError, match="add"):
        kind(4).empty_batch(1)


def test_an_index_is_unknown_while_nothing_is_stored() -> None:
    buffer = PrioritizedReplayBuffer(4)
    with pytest.raises(IndexError, match="indices"):
        buffer.update_priorities(np.array([0]), np.ones(1))


def test_an_update_of_nothing_is_no_error() -> None:
    buffer = build("update")
    assert buffer.update_priorities(np.array([], int), np.array([])) == 0


@pytest.mark.parametrize("other", ["size", "shape", "dtype", "fields"])
def test_out_of_another_size_or_buffer_is_refused(other: str) -> None:
    buffer, undisturbed = build("sample"), build("sample")
    if other == "size":
        out = buffer.empty_batch(9)
    else:
        names = ("log_prob", "bite" if other == "fields" else "byte")
        fields = dict(zip(names, (((), "float32"), ((), "uint8")), strict=True))
        stranger = PrioritizedReplayBuffer(4, extra_fields=fields)
        obs = np.zeros(4 if other == "shape" else 3, np.float64 if other == "dtype" else np.float32)
        stranger.add(obs, 0, 0.0, obs, False, **dict.fromkeys(names, 0))
        out = stranger.empty_batch(8)
    with pytest.raises(ValueError, match=r"out: .*expected"):
        buffer.sample(8, out=out)
    assert behaviour(buffer, "sample") == behaviour(undisturbed, "sample")
