"""A corridor of five states with known action values: right out of the last one ends it with reward 1."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

STATES, ACTIONS, GAMMA = 5, 2, 0.9
LEFT, RIGHT = 0, 1
OBSERVATION_SPACE, ACTION_SPACE = spaces.Discrete(STATES), spaces.Discrete(ACTIONS)


def step(state: int, action: int) -> tuple[int, float, bool]:
    """Return next state, reward and terminated."""
    if action == LEFT:
        return max(state - 1, 0), 0.0, False
    if state == STATES - 1:
        return state, 1.0, True
    return state + 1, 0.0, False


def exact_q() -> np.ndarray:
    """Return the optimal values, `(STATES, ACTIONS)`, by value iteration."""
    q = np.zeros((STATES, ACTIONS))
    for _ in range(1000):
        for state in range(STATES):
            for action in range(ACTIONS):
                next_state, reward, terminated = step(state, action)
                q[state, action] = reward + (0 if terminated else GAMMA * q[next_state].max())
    return q
