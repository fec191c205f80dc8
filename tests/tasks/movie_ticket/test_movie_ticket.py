"""The environment as Gymnasium sees it, what misunderstandings cost, and the agents that do not learn."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from tasks.movie_ticket.domains import domain_of

from dqn_fast.tasks.movie_ticket import MovieTicket, RandomAgent, RuleAgent


def mean_success(env: MovieTicket, agent: RuleAgent | RandomAgent, dialogues: int) -> tuple[float, float]:
    """Return means of success and turns."""
    success = turns = 0.0
    for seed in range(dialogues):
        env.reset(seed=seed)
        over, step = False, 0
        while not over:
            _, _, over, _, info = env.step(agent.act(step))
            step += 1
        success += info["figures"]["success"]
        turns += info["figures"]["turns"]
    return success / dialogues, turns / dialogues


def test_it_is_an_environment_of_gymnasium() -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(MovieTicket(), skip_render_check=True)
    assert gym.make("dqn_fast/MovieTicket-v0").observation_space.shape == (153,)


def test_the_rule_agent_of_the_published_domain() -> None:
    """0.418 is the mean of many dialogues; 0.04 are more than three standard errors of 2,000."""
    domain = domain_of("published")
    assert len(MovieTicket(domain).reset(seed=0)[0]) == 272
    success, turns = mean_success(MovieTicket(domain), RuleAgent(domain), 2_000)
    assert success == pytest.approx(0.418, abs=0.04)
    assert turns == 16


def test_the_rule_agent_is_far_ahead_of_chance() -> None:
    env = MovieTicket()
    rules, _ = mean_success(env, RuleAgent(env.domain), 300)
    chance, turns = mean_success(env, RandomAgent(env.domain, seed=0), 300)
    assert rules > 0.25 > 0.1 > chance
    assert turns > 20


@pytest.mark.parametrize("errors", [{"slot_error": 0.3}, {"intent_error": 0.3}])
def test_to_be_misunderstood_costs_success(errors: dict[str, float]) -> None:
    env = MovieTicket()
    perfect, _ = mean_success(env, RuleAgent(env.domain), 200)
    noisy, _ = mean_success(MovieTicket(**errors), RuleAgent(env.domain), 200)
    # A misunderstood act changes what the rule agent, which does not listen, is told: nothing.
    assert noisy < perfect if "slot_error" in errors else noisy == pytest.approx(perfect, abs=0.1)


def test_a_goal_is_as_it_was_after_any_dialogue() -> None:
    env = MovieTicket(slot_error=0.5)
    before = repr(env.domain.goals)
    mean_success(env, RandomAgent(env.domain, seed=1), 20)
    assert repr(env.domain.goals) == before


def test_the_same_seed_and_actions_give_the_same_dialogue() -> None:
    def played() -> list[Any]:
        env = MovieTicket(slot_error=0.2, intent_error=0.2)
        obs = [env.reset(seed=3)[0]]
        actions = np.random.default_rng(0).integers(len(env.domain.actions), size=8)
        return [*obs, *(env.step(action)[0] for action in actions), env.transcript()]

    first, second = played(), played()
    assert first[-1] == second[-1]
    np.testing.assert_array_equal(first[:-1], second[:-1])


def test_the_limit_ends_a_dialogue_after_21_actions() -> None:
    env = MovieTicket()
    env.reset(seed=0)
    deny = env.domain.index_of("deny")
    steps = [env.step(deny) for _ in range(21)]
    assert [step[1] for step in steps] == [-1] * 20 + [-40]
    assert [step[2] for step in steps] == [False] * 20 + [True]
    assert steps[-1][4]["figures"] == {"success": 0, "turns": 42}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"slot_error": 1.5}, "slot_error: got 1.5, expected a finite number between 0 and 1"),
        ({"intent_error": "x"}, "intent_error: got 'x', expected a number"),
        ({"language": "de"}, "language: got 'de', expected one of en, zh"),
        ({"domain": "nowhere"}, "nowhere: got no domain"),
        ({"render_mode": "human"}, "render_mode: got 'human', expected ansi or None"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        MovieTicket(**arguments)


def test_it_is_rendered_as_words() -> None:
    env = MovieTicket(render_mode="ansi")
    env.reset(seed=0)
    before = env.render()
    env.step(0)
    assert env.render() == env.transcript()
    assert env.render().startswith(f"{before}\nAgent: ")
    silent = MovieTicket()
    silent.reset(seed=0)
    assert silent.render() is None


def test_no_transcript_before_a_dialogue() -> None:
    with pytest.raises(RuntimeError, match="transcript: got no reset so far, expected one before"):
        MovieTicket().transcript()
