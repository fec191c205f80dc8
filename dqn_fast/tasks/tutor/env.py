"""The tutor: choose exercises for a pupil whose knowledge is hidden, until the time is over."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.tasks.tutor.pupil import NEEDS, Pupil

_HEIGHT, _BAR, _GAP = 240, 48, 12  # pixels of a frame
_COLORS = {"paper": (248, 249, 250), "hidden": (206, 212, 218), "mastered": (64, 160, 90)}
_ANSWERS = {True: (28, 92, 188), False: (214, 96, 88)}


class Tutor(gym.Env[np.ndarray, np.int64]):
    """Adaptive teaching as a partially observable decision process; `pupil` has the model of the pupil.

    An action is the skill of the next exercise. Observations are float32 (skills + 2,): the skill of the last
    exercise as one-hot vector, 1 if it was answered correctly, and the share of exercises that are left; at
    first the skill is none. The only reward comes with the last exercise: the share of skills that are
    mastered then. A reward at each mastery would reveal what the agent has to infer. The episode terminates
    there.

    Time is too short to master everything, so none should be spent on what is mastered already, or cannot be
    learned yet.

    Args:
        exercises: in an episode, at least 1.
        render_mode: "ansi" for text, "rgb_array" for pictures: a bar for each skill, green if it is mastered.
            Below it are the answers to its exercises from the bottom up, blue if correct and red if not.

    Raises:
        ValueError: if an argument is none of these.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(self, exercises: int = 24, render_mode: str | None = None) -> None:
        if isinstance(exercises, bool) or not isinstance(exercises, int | np.integer) or exercises < 1:
            raise ValueError(f"exercises: got {exercises!r}, expected a whole number of at least 1")
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode: got {render_mode!r}, expected one of {', '.join(modes)}")
        self.exercises = int(exercises)
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 1, (len(NEEDS) + 2,), np.float32)
        self.action_space = spaces.Discrete(len(NEEDS))
        self._pupil = Pupil(self.np_random)
        self._answers: list[tuple[int, bool]] = []

    @property
    def mastered(self) -> list[bool]:
        """Whether each skill is mastered: what a teacher does not see."""
        return list(self._pupil.mastered)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin with another pupil; see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        self._pupil = Pupil(self.np_random)
        self._answers = []
        return self._observation(), {}

    def step(self, action: int | np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Give an exercise; see the class and `gymnasium.Env.step`.

        Raises:
            ValueError: if there is no such skill.
        """
        skill = int(action)
        if not 0 <= skill < len(NEEDS):
            raise ValueError(f"action: got {action}, expected 0 to {len(NEEDS) - 1}")
        self._answers.append((skill, self._pupil.exercise(skill)))
        terminated = len(self._answers) >= self.exercises
        reward = sum(self._pupil.mastered) / len(NEEDS) if terminated else 0.0
        return self._observation(), reward, terminated, False, {}

    def render(self) -> Any:
        """Return knowledge and answers as text, or as a picture, uint8 (240, width, 3)."""
        if self.render_mode == "ansi":
            return self._text()
        return self._picture() if self.render_mode == "rgb_array" else None

    def _observation(self) -> np.ndarray:
        obs = np.zeros(len(NEEDS) + 2, np.float32)
        obs[-1] = 1 - len(self._answers) / self.exercises
        if self._answers:
            skill, correct = self._answers[-1]
            obs[skill], obs[-2] = 1, correct
        return obs

    def _text(self) -> str:
        rows = []
        for skill, mastered in enumerate(self._pupil.mastered):
            answers = "".join("+" if correct else "-" for which, correct in self._answers if which == skill)
            rows.append(f"skill {skill} {'mastered' if mastered else '        '} {answers}".rstrip())
        return "\n".join([*rows, f"exercise {len(self._answers)} of {self.exercises}"])

    def _picture(self) -> np.ndarray:
        frame = np.empty((_HEIGHT, _GAP + len(NEEDS) * (_BAR + _GAP), 3), np.uint8)
        frame[:] = _COLORS["paper"]
        height = max((_HEIGHT - 3 * _GAP - _BAR) // self.exercises, 1)  # of an answer
        bottom = [_HEIGHT - _GAP] * len(NEEDS)
        for skill, mastered in enumerate(self._pupil.mastered):
            left = _GAP + skill * (_BAR + _GAP)
            frame[_GAP : _GAP + _BAR, left : left + _BAR] = _COLORS["mastered" if mastered else "hidden"]
        for skill, correct in self._answers:
            left = _GAP + skill * (_BAR + _GAP)
            frame[bottom[skill] - height : bottom[skill] - height // 4, left : left + _BAR] = _ANSWERS[
                correct
            ]
            bottom[skill] -= height
        return frame
