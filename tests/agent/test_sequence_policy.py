"""A policy with memory sees every step of an episode once, and nothing of other episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import (
    GPT,
    EpsilonGreedy,
    FeedForwardPolicy,
    Greedy,
    Inputs,
    LinearSchedule,
    NoExploration,
    Recurrent,
    SequenceNetwork,
    SequencePolicy,
    Window,
    make_policy,
    make_q_net,
    make_sequence_net,
)

BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(4)
KINDS = ("lstm", "gru", "gpt")


def make(kind: str, space: Any = BOX) -> SequenceNetwork:
    def model(inputs: int, generator: torch.Generator) -> Any:
        if kind == "gpt":
            return GPT(inputs, 8, 2, 2, 5, generator)
        return Recurrent(kind, inputs, 8, generator)  # type: ignore[arg-type]

    return make_sequence_net(space, ACTIONS, model, (6,), torch.Generator().manual_seed(1))


def exploring(q_net: SequenceNetwork, num_envs: int, **settings: Any) -> SequencePolicy:
    schedule = LinearSchedule(0.5, 0.5, 1)
    exploration = EpsilonGreedy(schedule, 4, np.random.default_rng(0), num_envs=num_envs)
    return SequencePolicy(q_net, exploration, num_envs, **settings)


def some_steps(count: int, num_envs: int, seed: int = 0) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(num_envs, 3)).astype(np.float32), rng.normal(size=num_envs)) for _ in range(count)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_actions_are_those_of_the_whole_history(kind: str) -> None:
    q_net, steps = make(kind), some_steps(8, 2)
    policy = make_policy(q_net, NoExploration(), 2)
    actions = []
    for obs, reward in steps:
        actions.append(policy.act(obs, 0).copy())
        policy.observe(reward)
    before = [np.zeros(2, np.int64), *actions[:-1]]
    rewards = [np.zeros(2), *(reward for _, reward in steps[:-1])]
    inputs = Inputs(
        torch.from_numpy(np.stack([obs for obs, _ in steps], 1)),
        torch.from_numpy(np.stack(before, 1)),
        torch.from_numpy(np.stack(rewards, 1)).float(),
    )
    with torch.no_grad():
        values = q_net(Window(inputs))
    assert (values.argmax(2).numpy() == np.stack(actions, 1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_that_begins_anew_leaves_the_others_alone(kind: str) -> None:
    q_net, steps = make(kind), some_steps(9, 2)
    both = make_policy(q_net, NoExploration(), 2)
    first, second = (make_policy(q_net, NoExploration()) for _ in range(2))
    for t, (obs, reward) in enumerate(steps):
        if t == 4:
            both.reset([1])
            second.reset([0])
        assert both.act(obs, 0).tolist() == [first.act(obs[:1], 0).item(), second.act(obs[1:], 0).item()]
        both.observe(reward)
        first.observe(reward[:1])
        second.observe(reward[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_restored_policy_goes_on_to_the_bit(kind: str) -> None:
    q_net, steps = make(kind), some_steps(14, 3)
    policy = exploring(q_net, 3)
    for obs, reward in steps[:7]:
        policy.act(obs, 0)
        policy.observe(reward)
    policy.reset([2])
    state = policy.state_dict()
    other = exploring(q_net, 3)
    other.load_state_dict(state)
    for obs, reward in steps[7:]:
        assert policy.act(obs, 0).tolist() == other.act(obs, 0).tolist()
        policy.observe(reward)
        other.observe(reward)
    mine, theirs = policy.state_dict(), other.state_dict()
    assert all(torch.equal(mine["state"][name], theirs["state"][name]) for name in mine["state"])


def test_a_saved_state_does_not_change_any_more() -> None:
    policy = exploring(make("lstm"), 2)
    ((obs, reward),) = some_steps(1, 2)
    policy.act(obs, 0)
    policy.observe(reward)
    state = policy.state_dict()
    saved = {name: state[name].clone() for name in ("action", "reward")}
    hidden = state["state"]["hidden"].clone()
    policy.reset([0, 1])
    policy.act(obs, 0)
    assert all(torch.equal(state[name], value) for name, value in saved.items())
    assert torch.equal(state["state"]["hidden"], hidden)


def test_the_stored_state_is_that_before_the_step() -> None:
    q_net = make("lstm")
    policy = exploring(q_net, 2, store_state=True)
    assert {name: (field.shape, field.dtype) for name, field in policy.extras().items()} == {
        "state_hidden": ((2, 8), np.float32),
        "state_cell": ((2, 8), np.float32),
    }
    after = None
    for obs, reward in some_steps(5, 2):
        policy.act(obs, 0)
        policy.observe(reward)
        if after is None:
            assert not policy.extras()["state_hidden"].any()
        else:
            assert (policy.extras()["state_hidden"] == after["hidden"].numpy()).all()
            assert (policy.extras()["state_cell"] == after["cell"].numpy()).all()
        after = policy.state_dict()["state"]
    assert exploring(q_net, 2).extras() == {}


def test_illegal_actions_are_not_taken() -> None:
    space = spaces.Dict({"obs": BOX, "action_mask": spaces.MultiBinary(4)})
    policy = exploring(make("gru", space), 2)
    mask = np.array([[0, 1, 0, 0], [0, 0, 1, 1]], np.int8)
    for obs, reward in some_steps(30, 2):
        actions = policy.act({"obs": obs, "action_mask": mask}, 0)
        assert mask[[0, 1], actions].all()
        policy.observe(reward)


def test_images_that_are_flipped_or_cannot_be_written() -> None:
    policy = make_policy(make("lstm", spaces.Box(0, 255, (10, 12, 2), np.uint8)), NoExploration(), 2)
    image = np.random.default_rng(0).integers(256, size=(2, 10, 12, 2), dtype=np.uint8)
    fixed = image[:, ::-1].copy()
    fixed.flags.writeable = False
    first = policy.act(image[:, ::-1], 0).tolist()
    policy.reset([0, 1])
    assert policy.act(fixed, 0).tolist() == first


def test_greedy_for_one_environment_begins_anew_when_told() -> None:
    greedy, steps = Greedy(make("lstm")), some_steps(6, 1, seed=3)

    def episode() -> list[int]:
        greedy.reset()
        actions = []
        for obs, reward in steps:
            actions.append(greedy(obs[0]))
            greedy.observe(float(reward[0]))
        return actions

    assert episode() == episode()


def test_networks_without_memory_have_the_policy_without_memory() -> None:
    q_net = make_q_net(BOX, ACTIONS, (4,), torch.Generator())
    policy = make_policy(q_net, NoExploration(), 3)
    assert type(policy) is FeedForwardPolicy
    policy.observe(np.zeros(3))
    policy.reset([0])
    assert policy.extras() == {}
