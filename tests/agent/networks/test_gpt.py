"""The cache of a GPT, whose memory is written in place, against whole sequences read anew."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import Tensor

from dqn_fast.agent import GPT, State

INPUTS = 3


def make(span: int = 50) -> GPT:
    return GPT(INPUTS, 8, 2, 2, span, torch.Generator().manual_seed(0))


def features(steps: int, seed: int) -> Tensor:
    return torch.randn(2, steps, INPUTS, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
@pytest.mark.parametrize("span", [3, 50])
def test_sequences_that_part_do_not_disturb_each_other(span: int) -> None:
    """A tree: each state is gone on from several times, also after its followers went on."""
    gpt = make(span)
    known: list[tuple[Tensor, State | None]] = [(features(0, 0), None)]
    generator = torch.Generator().manual_seed(1)
    for seed in range(120):
        # Mostly from one of the latest states, as in acting, and now and then from an old one.
        back = int(torch.randint(1, 1 + min(len(known), 4 if seed % 5 else 999), (), generator=generator))
        before, state = known[-back]
        new = features(1 + seed % 3, seed)
        sequence = torch.cat([before, new], 1)
        outputs, after = gpt(new, state)
        torch.testing.assert_close(outputs, gpt(sequence)[0][:, before.shape[1] :])
        known.append((sequence, after))
    for sequence, state in known[1:]:
        assert state is not None
        _, anew = gpt(sequence)
        for part, value in anew.items():
            torch.testing.assert_close(state[part], value)


@torch.no_grad()
def test_a_state_that_was_copied_or_saved_goes_on_alike() -> None:
    gpt = make()
    _, state = gpt(features(4, 0))
    others = [copy.deepcopy(state), pickle.loads(pickle.dumps(state)), dict(state)]
    new = [features(1, seed) for seed in (1, 2)]
    expected = None
    for one in [state, *others]:
        first, after = gpt(new[0], one)
        second, _ = gpt(new[1], after)
        if expected is None:
            expected = first, second
        assert torch.equal(first, expected[0])
        assert torch.equal(second, expected[1])


def test_with_a_gradient_the_state_is_only_read() -> None:
    gpt = make()
    with torch.no_grad():
        _, state = gpt(features(4, 0))
        before = {part: value.clone() for part, value in state.items()}
    outputs, _ = gpt(features(2, 1), state)
    outputs.sum().backward()
    assert all(torch.equal(state[part], value) for part, value in before.items())
    assert all(parameter.grad is not None for parameter in gpt.parameters())
    with torch.no_grad():
        torch.testing.assert_close(gpt(features(2, 1), state)[0], outputs)
