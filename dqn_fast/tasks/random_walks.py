"""Random walks on a graph as text: each token is a node, and short walks to the goal are worth most.

The toy task of Decision Transformer (Chen et al., 2021) in the form of trlx, which generates walks by a
language model; ILQL (Snell et al., 2023) is compared on such data.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.checks import at_least

NODES = 21
MAX_STEPS = 9  # a walk has ten tokens at most
GOAL = 0
_EDGE_PROBABILITY = 0.1
_LETTERS = "abcdefghijklmnopqrstu"


class RandomWalks(gym.Env[np.int64, np.int64]):
    """The agent names the nodes of a walk, a token at a time, to reach the goal in as few steps as possible.

    The graph has 21 nodes with directed edges and one goal, which every node reaches within 9 steps. A walk
    begins at another node. It ends at the goal, at a token that no edge leads to, or after 9 steps. The last
    step earns the walk's optimality: fewest steps / steps at the goal, and 0 elsewhere. All others earn 0.
    Nothing says which tokens have an edge.

    Observations are the last token and actions the next one, both Discrete(21); 0 is the goal.

    `reset` takes the option "start", a node from 1 to 20; without it, each is equally likely. At a walk's end
    `info["figures"]` has its optimality.

    Args:
        graph: seed of the graph, which decides how difficult the task is (`data_optimality`).
        render_mode: "ansi" for the walk as text, in which nodes are letters and the goal is a.

    Attributes:
        edges: whether there is one from row to column, bool (21, 21); none leaves the goal.
        fewest: steps from each node to the goal, int64 (21,).

    Raises:
        TypeError: if the seed is not a whole number.
        ValueError: if it is below 0, or there is no such render mode.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  # as Gymnasium declares it
        "render_modes": ["ansi"],
        "starts": [{"start": node} for node in range(NODES) if node != GOAL],
    }

    def __init__(self, graph: int = 17, render_mode: str | None = None) -> None:
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode: got {render_mode!r}, expected {', '.join(modes)}")
        self.edges, self.fewest = draw_graph(at_least("graph", graph, 0))
        self.render_mode = render_mode
        self.observation_space = spaces.Discrete(NODES)
        self.action_space = spaces.Discrete(NODES)
        self._walk: list[int] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Begin a walk; see the class and `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        starts = [start["start"] for start in self.metadata["starts"]]
        start = (options or {}).get("start", starts[self.np_random.integers(len(starts))])
        if start not in starts:
            raise ValueError(f"options['start']: got {start!r}, expected a node from 1 to {NODES - 1}")
        self._walk = [int(start)]
        return np.int64(start), {}

    def step(self, action: int | np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """Say the next token; see the class and `gymnasium.Env.step`.

        Raises:
            ValueError: if there is no such token.
        """
        if not 0 <= action < NODES:
            raise ValueError(f"action: got {action}, expected 0 to {NODES - 1}")
        self._walk.append(int(action))
        if not self._is_over():
            return np.int64(action), 0.0, False, False, {}
        optimality = self._optimality()
        return np.int64(action), optimality, True, False, {"figures": {"optimality": optimality}}

    def scripted_action(self, generator: np.random.Generator) -> int:
        """Return the next node of a random walk: each edge is equally likely."""
        return int(generator.choice(self.edges[self._walk[-1]].nonzero()[0]))

    def data_optimality(self) -> float:
        """Return the optimality to be expected of random walks, over all starts."""
        starts = np.arange(NODES) != GOAL
        follow = self.edges / np.maximum(self.edges.sum(1, keepdims=True), 1)
        at, total = np.diag(starts.astype(np.float64)), 0.0  # a row for each start: where its walk is
        for steps in range(1, MAX_STEPS + 1):
            at = at @ follow
            total += float(at[starts, GOAL] @ self.fewest[starts]) / steps
        return total / int(starts.sum())

    def transcript(self) -> str:
        """Return the walk so far, and how it ended.

        Raises:
            RuntimeError: if there is none.
        """
        if not self._walk:
            raise RuntimeError("transcript: got no reset so far, expected one before")
        letters = [_LETTERS[node] for node in self._walk]
        return f"{' '.join(letters)}: {self._outcome(letters)}"

    def render(self) -> Any:
        """Return the walk as text."""
        return self.transcript() if self.render_mode == "ansi" else None

    def _outcome(self, letters: list[str]) -> str:
        steps, fewest = len(letters) - 1, self.fewest[self._walk[0]]
        if self._is_at_goal():
            return f"at the goal after {steps}, the fewest are {fewest}"
        if not self._is_on_edges():
            return f"there is no edge from {letters[-2]} to {letters[-1]}"
        return "too long" if steps == MAX_STEPS else f"on the way, the fewest are {fewest}"

    def _is_on_edges(self) -> bool:
        return len(self._walk) == 1 or bool(self.edges[self._walk[-2], self._walk[-1]])

    def _is_at_goal(self) -> bool:
        return self._walk[-1] == GOAL and self._is_on_edges()

    def _is_over(self) -> bool:
        return self._is_at_goal() or not self._is_on_edges() or len(self._walk) > MAX_STEPS

    def _optimality(self) -> float:
        return float(self.fewest[self._walk[0]] / (len(self._walk) - 1)) if self._is_at_goal() else 0.0


def draw_graph(seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the edges of the first graph of a seed whose every node reaches the goal, and the fewest steps.

    Each edge between two nodes exists with probability 0.1; other graphs are refused.

    Args:
        seed: of the graphs.

    Returns:
        Edges, bool (21, 21), and steps from each node to the goal, int64 (21,).
    """
    generator = np.random.default_rng(seed)
    while True:
        edges = generator.random((NODES, NODES)) < _EDGE_PROBABILITY
        np.fill_diagonal(edges, False)
        edges[GOAL] = False
        fewest = _fewest_steps(edges)
        if (fewest <= MAX_STEPS).all():
            return edges, fewest


def _fewest_steps(edges: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the steps of the shortest path of each node to the goal, or one too many."""
    fewest = np.full(NODES, MAX_STEPS + 1)
    fewest[GOAL] = 0
    for steps in range(1, MAX_STEPS + 1):
        reaches = edges[:, fewest == steps - 1].any(1)
        fewest[reaches & (fewest > steps)] = steps
    return fewest
