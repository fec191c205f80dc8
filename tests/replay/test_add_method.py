"""`add` goes past Python for most steps; nobody can tell, but by the clock."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

OBS, NEXT = np.zeros(4, np.float32), np.ones(4, np.float32)
TWO = np.array([1, 2], np.uint8)
STEP: dict[str, Any] = {
    "obs": OBS,
    "action": 1,
    "reward": 0.5,
    "next_obs": NEXT,
    "terminated": True,
    "truncated": False,
}


def filled(kind: type[ReplayBuffer] = ReplayBuffer, **options: Any) -> ReplayBuffer:
    """A buffer that knows its shapes."""
    buffer = kind(16, seed=0, **options)
    fields = options.get("extra_fields", {})
    extra = {name: np.zeros(shape, dtype) for name, (shape, dtype) in fields.items()}
    buffer.add(**STEP, **extra)
    return buffer


@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
@pytest.mark.parametrize("positional", range(7))
def test_arguments_by_position_and_by_name_are_the_same_step(
    kind: type[ReplayBuffer], positional: int
) -> None:
    buffer = filled(kind)
    values, names = list(STEP.values()), list(STEP)
    by_name = dict(zip(names[positional:], values[positional:], strict=True))
    buffer.add(*values[:positional], **by_name)
    buffer.add(*values[:positional], **dict(reversed(by_name.items())))
    batch = buffer.transitions()
    for column in (batch.obs, batch.action, batch.reward, batch.next_obs, batch.discount):
        assert column.tobytes() == np.repeat(column[:1], 3, axis=0).tobytes()


def test_names_that_are_not_interned_are_names() -> None:
    buffer = filled()
    buffer.add(**{"".join(list(name)): value for name, value in STEP.items()})
    buffer.add(*STEP.values(), **{"".join(list("new_segment")): True})
    assert len(buffer) == 3


def test_extra_fields_are_stored_and_a_name_too_many_is_refused() -> None:
    buffer = filled(extra_fields={"a": ((), "float32"), "b": ((2,), "uint8")})
    buffer.add(**STEP, b=TWO, a=3.0)
    assert buffer.transitions().extra["a"].tolist() == [0, 3]
    for wrong in ({"a": 1.0}, {"a": 1.0, "c": 2}, {"a": 1.0, "b": TWO, "c": 2}):
        with pytest.raises(TypeError, match="extra fields: got"):
            buffer.add(**STEP, **wrong)
    assert len(buffer) == 2


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda add: add(), "missing 5 required positional arguments: 'obs', 'action'"),
        (lambda add: add(OBS, 1, 0.5, NEXT), "missing 1 required positional argument: 'terminated'"),
        (lambda add: add(OBS, 1, 0.5, NEXT, True, obs=OBS), "got multiple values for argument 'obs'"),
        (lambda add: add(OBS, 1, 0.5, NEXT, True, False, None), "takes from 6 to 7 positional arguments"),
        (lambda add: add(**STEP, final_obs=NEXT), "final_obs: got one, expected none"),
    ],
)
def test_calls_that_do_not_fit_get_pythons_errors(call: Callable[..., None], says: str) -> None:
    buffer = filled()
    with pytest.raises(TypeError, match=says):
        call(buffer.add)
    assert len(buffer) == 1


def test_it_looks_like_the_function_that_it_wraps() -> None:
    signature = inspect.signature(ReplayBuffer.add)
    assert list(signature.parameters)[:7] == ["self", *STEP]
    assert signature.parameters["truncated"].default is False
    assert "self" not in inspect.signature(filled().add).parameters
    assert inspect.isroutine(ReplayBuffer.add)
    assert ReplayBuffer.add.__qualname__ == "ReplayBuffer.add"
    plain = pydoc.TextDoc()
    for text in (plain.document(ReplayBuffer.add), plain.document(ReplayBuffer)):
        assert "(self,obs:" in "".join(text.split())  # Python 3.13 gives each argument a line
        assert "mask: bool (num_envs,), the environments to store a step of." in text


def test_it_is_pickled_and_copied_by_name() -> None:
    assert pickle.loads(pickle.dumps(ReplayBuffer.add)) is ReplayBuffer.add
    assert copy.deepcopy(ReplayBuffer.add) is ReplayBuffer.add
    add = pickle.loads(pickle.dumps(filled().add))
    add(**STEP)
    assert len(add.__self__) == 2


def test_a_subclass_may_override_it_and_call_it() -> None:
    class Counting(ReplayBuffer):
        count = 0

        def add(self, *args: Any, **kwargs: Any) -> None:
            super().add(*args, **kwargs)
            self.count += 1

    buffer = Counting(8)
    buffer.add(*STEP.values())
    buffer.add(**STEP)
    ReplayBuffer.add(buffer, **STEP)
    assert (buffer.count, len(buffer)) == (2, 3)


def test_copies_and_loaded_buffers_add_to_themselves() -> None:
    buffer = filled()
    buffer.add(**STEP)
    other = copy.deepcopy(buffer)
    for _ in range(3):
        other.add(**STEP)
    assert (len(buffer), len(other)) == (2, 5)


def test_it_keeps_no_argument() -> None:
    buffer = filled(extra_fields={"a": ((4,), "float32")})
    objects = (OBS, NEXT, ReplayBuffer.add, buffer)
    before = [sys.getrefcount(each) for each in objects]
    for _ in range(100):
        buffer.add(OBS, 1, 0.5, NEXT, terminated=False, a=OBS)
        with pytest.raises(TypeError):
            buffer.add(OBS, 1, 0.5, NEXT, False)
    assert [sys.getrefcount(each) for each in objects] == before


def test_an_argument_may_add_a_step_while_it_is_read() -> None:
    buffer = filled()

    class Index:
        def __index__(self) -> int:
            buffer.add(OBS, 7, 7.0, NEXT, True)
            return 1

    buffer.add(OBS, Index(), 0.5, NEXT, True)
    assert buffer.transitions().action.tolist() == [1, 7, 1]
    assert buffer.transitions().reward.tolist() == [0.5, 7.0, 0.5]
