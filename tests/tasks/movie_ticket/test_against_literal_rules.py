"""Random dialogues say, show and pay what the literal rules do."""

from __future__ import annotations

import numpy as np
import pytest
from tasks.movie_ticket.domains import domain_of, each_domain
from tasks.movie_ticket.literal import LiteralDialog

from dqn_fast.tasks.movie_ticket import DialogDomain, MovieTicket

QUESTIONS = ("moviename", "theater", "starttime", "date", "city", "numberofpeople", "video_format")
ANSWERS = ("date", "starttime", "theater", "ticket")


class Talker:
    """Asks in any order, tells, books and says thanks; every other dialogue has random acts in between."""

    def __init__(self, domain: DialogDomain, rng: np.random.Generator) -> None:
        self.rng, self.num_actions = rng, len(domain.actions)
        self.questions = [domain.index_of("request", slot) for slot in QUESTIONS]
        self.answers = [domain.index_of("inform", slot) for slot in ANSWERS]
        self.end = [domain.index_of("inform", "taskcomplete"), domain.index_of("thanks")]

    def begin(self) -> None:
        answers = self.rng.permutation(self.answers)[: self.rng.integers(1, 5)]
        self.plan = [*self.rng.permutation(self.questions), *answers, *self.end][::-1]
        self.share = self.rng.choice([0.0, 0.5])

    def act(self) -> int:
        if self.rng.random() < self.share or not self.plan:
            return int(self.rng.integers(self.num_actions))
        return int(self.plan.pop())


@each_domain
@pytest.mark.parametrize(("slot_error", "intent_error"), [(0.0, 0.0), (0.3, 0.0), (0.1, 0.2)])
def test_they_agree(name: str, slot_error: float, intent_error: float) -> None:
    domain = domain_of(name)
    env = MovieTicket(domain, slot_error=slot_error, intent_error=intent_error)
    literal = LiteralDialog(domain, slot_error, intent_error)
    talker = Talker(domain, np.random.default_rng(1))
    successes = 0
    for seed in range(40 if name == "own" else 20):
        obs, _ = env.reset(seed=seed)
        np.testing.assert_array_equal(obs, np.array(literal.reset(np.random.default_rng(seed)), np.float32))
        talker.begin()
        for _ in range(21):
            action = talker.act()
            obs, reward, terminated, truncated, info = env.step(action)
            expected, its_reward, over, figures = literal.step(action)
            assert (reward, terminated, truncated) == (its_reward, over, False)
            assert env.observation_space.contains(obs)
            np.testing.assert_array_equal(obs, np.array(expected, np.float32))
            if over:
                assert info["figures"] == figures
                successes += reward > 0
                break
        assert over
    assert 0 < successes < seed
