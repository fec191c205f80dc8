"""The passive T-maze: see a sign, walk down a long corridor, and turn to where the sign pointed.

Bakker (2002) used it to test recurrent networks; this is the form of Ni et al. (2023, "When Do Transformers
Shine in RL?"), which has nothing to explore: only memory decides.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

_GOALS = {"up": 1, "down": -1}
_MOVES = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, up, left, down

_WIDTH, _HEIGHT = 960, 240  # pixels of a frame; the width of short mazes is less
_LARGEST_CELL = 40
_COLORS = {
    "wall": (52, 58, 64),
    "floor": (233, 236, 239),
    "trodden": (190, 212, 245),
    "goal": (64, 160, 90),
    "other": (214, 96, 88),
    "agent": (28, 92, 188),
}


class TMaze(gym.Env[np.ndarray, np.int64]):
    """A corridor of `length` steps with a junction at its end, and an arm above and below the junction.

    The first observation shows which arm is the goal, and no later one does. An episode lasts length + 1
    steps wherever the agent is, and terminates: just enough to reach the goal without a detour. Without
    memory half of the goals are reached at best.

    Observations are float32 (2,): (0, goal) at first, with a goal of 1 for up and -1 for down; (0, 0) in the
    corridor, at its beginning, too; and (1, y) at the junction, where y is 0, and in the arms. Actions are 0
    right, 1 up, 2 left, 3 down; a step against a wall stays. The last step earns 1 at the goal, and 0
    elsewhere; each step before earns -1 / length if the agent is fewer steps down the corridor than it has
    made steps, and 0 otherwise. So the return is 1 exactly if the goal is reached.

    `reset` takes the option "goal": "up" or "down"; without it, each is equally likely.

    Args:
        length: steps from the beginning to the junction, at least 1.
        render_mode: "ansi" for text, "rgb_array" for pictures: the goal is green, the other arm red, and the
            cells that the agent (blue) came through are light blue. A sign at the beginning points to the
            goal while the agent sees it. The bar below shows the steps that are left.

    Raises:
        ValueError: if an argument or the option of a reset is not one of these.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  # as Gymnasium declares it
        "render_modes": ["ansi", "rgb_array"],
        "render_fps": 5,
        "starts": [{"goal": goal} for goal in _GOALS],
    }

    def __init__(self, length: int = 10, render_mode: str | None = None) -> None:
        if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
            raise ValueError(f"length: got {length!r}, expected a whole number of at least 1")
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode: got {render_mode!r}, expected one of {', '.join(modes)}")
        self.length = int(length)
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-1, 1, (2,), np.float32)
        self.action_space = spaces.Discrete(len(_MOVES))
        self._goal = self._x = self._y = self._step = 0
        self._trodden: list[tuple[int, int]] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; see the class and `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        names = list(_GOALS)
        name = (options or {}).get("goal", names[self.np_random.integers(len(names))])
        if name not in _GOALS:
            raise ValueError(f"options['goal']: got {name!r}, expected one of {', '.join(names)}")
        self._goal = _GOALS[name]
        self._x = self._y = self._step = 0
        self._trodden = [(0, 0)]
        return self._observation(), {}

    def step(self, action: int | np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Move; see the class and `gymnasium.Env.step`.

        Raises:
            ValueError: if there is no such action.
        """
        if not 0 <= action < len(_MOVES):
            raise ValueError(f"action: got {action}, expected 0 to {len(_MOVES) - 1}")
        right, up = _MOVES[action]
        if self._is_floor(self._x + right, self._y + up):
            self._x, self._y = self._x + right, self._y + up
        self._trodden.append((self._x, self._y))
        self._step += 1
        terminated = self._step > self.length
        if terminated:
            reward = float(self._y == self._goal)
        else:
            reward = -1 / self.length if self._x < self._step else 0.0
        return self._observation(), reward, terminated, False, {}

    def render(self) -> Any:
        """Return the maze as text or as a picture, uint8 (240, width, 3)."""
        if self.render_mode == "ansi":
            return self._text()
        return self._picture() if self.render_mode == "rgb_array" else None

    def _is_floor(self, x: int, y: int) -> bool:
        return (0 <= x <= self.length and y == 0) or (x == self.length and abs(y) == 1)

    def _observation(self) -> np.ndarray:
        if self._step == 0:
            return np.array([0, self._goal], np.float32)
        junction = self._x == self.length
        return np.array([junction, self._y], np.float32)

    def _text(self) -> str:
        seen = self._observation().astype(int).tolist()
        rows = [
            "".join(self._letter(x, y) for x in range(-1, self.length + 2)).rstrip() for y in range(2, -3, -1)
        ]
        return "\n".join([*rows, f"step {self._step} of {self.length + 1}, sees {seen}"])

    def _letter(self, x: int, y: int) -> str:
        if (x, y) == (self._x, self._y):
            return "A"
        if (x, y) == (self.length, self._goal):
            return "G"
        return "." if self._is_floor(x, y) else "#"

    def _picture(self) -> np.ndarray:
        cell = max(min(_WIDTH // (self.length + 3), _LARGEST_CELL), 1)
        frame = np.full((_HEIGHT, cell * (self.length + 3), 3), _COLORS["wall"], np.uint8)

        def paint(color: str, x: float, y: float, width: float = 1, height: float = 1) -> None:
            """Fill a part of the cell (x, y) around its middle; its sides are shares of a cell."""
            left, top = cell * (x + 1.5 - width / 2), _HEIGHT / 2 - cell * (y + height / 2)
            rows, columns = (
                slice(round(begin), max(round(begin + cell * size), round(begin) + 1))
                for begin, size in ((top, height), (left, width))
            )
            frame[rows, columns] = _COLORS[color]

        for x in range(self.length + 1):
            paint("floor", x, 0)
        for x, y in self._trodden:
            paint("trodden", x, y)
        paint("goal", self.length, self._goal)
        paint("other", self.length, -self._goal)
        if self._step == 0:
            paint("goal", 0, self._goal * 0.75, 0.3, 0.5)
        paint("agent", self._x, self._y, 0.6, 0.6)
        left = 1 - self._step / (self.length + 1)
        frame[-16:-8, cell : cell + round(left * cell * (self.length + 1))] = _COLORS["floor"]
        return frame
