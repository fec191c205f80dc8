"""The environment: an agent that books tickets in a dialogue with a user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.tasks.movie_ticket.baselines import RuleAgent
from dqn_fast.tasks.movie_ticket.dialog import MAX_TURNS, DialogAct, Goal, User, one_of
from dqn_fast.tasks.movie_ticket.domain import DialogDomain
from dqn_fast.tasks.movie_ticket.domain_files import OWN, read_domain
from dqn_fast.tasks.movie_ticket.error_model import ErrorModel
from dqn_fast.tasks.movie_ticket.knowledge_base import KnowledgeBase
from dqn_fast.tasks.movie_ticket.person import Person
from dqn_fast.tasks.movie_ticket.state import DialogState
from dqn_fast.tasks.movie_ticket.transcript import transcript
from dqn_fast.tasks.movie_ticket.user import SimulatedUser
from dqn_fast.tasks.movie_ticket.words import Words

SUCCESS, FAILURE, MOVE = 2.0 * MAX_TURNS, -1.0 * MAX_TURNS, -1.0  # rewards


class MovieTicket(gym.Env[np.ndarray, np.int64]):
    """Books cinema tickets in a dialogue by dialogue acts (TC-Bot; Li et al., 2017).

    A user has a goal: wishes, and questions to be answered. The agent may ask for a slot, inform of one (the
    value comes from the knowledge base), book, or end the dialogue. The reward is 80 if the user got what she
    wanted, -40 if not or after 40 turns, and -1 for every other step. gamma is 0.9 in the publications.

    At an episode's end `info["figures"]` has success, 1 or 0, and turns: the moves of both sides.

    Args:
        domain: folder with another domain than our own; see `read_domain`.
        slot_error: probability that a value that the user gives is misunderstood.
        intent_error: probability that the user's act is misunderstood.
        language: of `transcript`, "en" or "zh".
        render_mode: "ansi" for the dialogue so far in words; None draws nothing.

    Attributes:
        domain: of the dialogues.

    Raises:
        UsageError: if the folder holds no domain, or there is no such language.
        TypeError: if a probability is not a number.
        ValueError: if one is outside [0, 1], or there is no such render mode.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # as Gymnasium has it

    def __init__(
        self,
        domain: str | Path | DialogDomain = OWN,
        slot_error: float = 0.0,
        intent_error: float = 0.0,
        language: str = "en",
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise ValueError(f"render_mode: got {render_mode!r}, expected ansi or None")
        self.render_mode = render_mode
        self.domain = domain if isinstance(domain, DialogDomain) else read_domain(Path(domain))
        errors = ErrorModel(self.domain.acts, self.domain.values, slot_error, intent_error)
        self._user: User = SimulatedUser(errors)
        self._words = Words(language)
        self._goal: Goal | None = None
        self._acts: list[DialogAct] = []
        self._success: bool | None = None
        self._state = DialogState(self.domain, KnowledgeBase(self.domain.rows))
        self.observation_space = spaces.Box(0, self._state.high, (self._state.size,), np.float32)
        self.action_space = spaces.Discrete(len(self.domain.actions))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a dialogue with another goal; see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        goals = self.domain.goals
        self._goal = one_of(goals, self.np_random)
        first = self._user.begin(self._goal, self.np_random)
        self._acts, self._success = [first], None
        self._state.begin()
        self._state.hear_user(first)
        return self._state.features(), {}

    def step(self, action: int | np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Say something, and hear the answer; see `gymnasium.Env.step`."""
        said = self._state.say(self.domain.actions[action])
        turns = self._state.moves
        reply = self._user.answer(said)
        self._acts += said, reply.said
        self._state.hear_user(reply.said)
        features, self._success = self._state.features(), reply.success
        if self._success is None:
            return features, MOVE, False, False, {}
        figures = {"success": float(self._success), "turns": float(turns)}
        return features, SUCCESS if self._success else FAILURE, True, False, {"figures": figures}

    def render(self) -> Any:
        """Return the dialogue so far in words, if it is to be rendered."""
        return self.transcript() if self.render_mode == "ansi" else None

    def scripted_action(self, generator: np.random.Generator) -> int:
        """Return the action of the rule agent at this point of a dialogue.

        Args:
            generator: not needed.

        Raises:
            UsageError: if the domain lacks one of its actions.
        """
        return RuleAgent(self.domain).act((self._state.moves - 1) // 2)

    def transcript(self) -> str:
        """Return the dialogue so far in words; the last one, if it is over.

        Raises:
            RuntimeError: if there is none.
        """
        if self._goal is None:
            raise RuntimeError("transcript: got no reset so far, expected one before")
        return transcript(self._words, self._goal, self._acts, self._success)

    def talk_with(
        self, read: Callable[[str], str], write: Callable[[str], None], language: str | None = None
    ) -> None:
        """Put a person in the place of the simulated user, from the next reset on.

        Args:
            read: returns a line after a prompt, as `input` does; an EOFError ends the dialogue.
            write: shows a line.
            language: "en" or "zh"; None is that of `transcript`.

        Raises:
            UsageError: if there is no such language.
        """
        self._words = self._words if language is None else Words(language)
        self._user = Person(self._words, self.domain, read, write)
