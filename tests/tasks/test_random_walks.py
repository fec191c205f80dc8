"""Random walks: which graphs there are, what is said and earned, when a walk ends, and what is written."""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from dqn_fast.tasks.random_walks import GOAL, MAX_STEPS, NODES, RandomWalks


def walked(env: RandomWalks, nodes: list[int]) -> tuple[list[float], list[bool], dict[str, Any]]:
    """Return rewards, ends, and the last info of a walk along `nodes`."""
    obs, info = env.reset(seed=0, options={"start": nodes[0]})
    assert obs == nodes[0]
    earned, ended = [], []
    for node in nodes[1:]:
        obs, reward, terminated, truncated, info = env.step(node)
        assert (obs, truncated) == (node, False)
        earned.append(reward)
        ended.append(terminated)
    return earned, ended, info


def shortest(edges: np.ndarray[Any, Any], start: int) -> list[int]:
    """Return a shortest path to the goal, by breadth-first search from the start: the slow twin."""
    queue = deque([[start]])
    while queue:
        path = queue.popleft()
        if path[-1] == GOAL:
            return path
        queue.extend([*path, int(node)] for node in edges[path[-1]].nonzero()[0] if node not in path)
    raise AssertionError(f"no path from {start}")


def around(env: RandomWalks, start: int, steps: int) -> list[int]:
    """Return a walk of so many steps along edges that does not come to the goal."""
    ways = [[start]]
    for _ in range(steps):
        ways = [
            [*way, node] for way in ways[:100] for node in env.edges[way[-1]].nonzero()[0] if node != GOAL
        ]
    return [int(node) for node in ways[0]]


@pytest.mark.parametrize("graph", [*range(10), 17, 36])
def test_every_node_reaches_the_goal(graph: int) -> None:
    env = RandomWalks(graph)
    assert env.fewest[GOAL] == 0
    assert not env.edges.diagonal().any()
    assert not env.edges[GOAL].any()
    for start in range(1, NODES):
        path = shortest(env.edges, start)
        assert len(path) - 1 == env.fewest[start] <= MAX_STEPS
        earned, ended, info = walked(env, path)
        assert earned == [0.0] * (len(path) - 2) + [1.0]
        assert ended == [False] * (len(path) - 2) + [True]
        assert info["figures"] == {"optimality": 1.0}


def test_a_graph_follows_its_seed() -> None:
    assert (RandomWalks(3).edges == RandomWalks(3).edges).all()
    assert (RandomWalks(3).edges != RandomWalks(4).edges).any()


def test_a_longer_walk_earns_less() -> None:
    env = RandomWalks()
    start = next(node for node in range(1, NODES) if env.fewest[node] > 1)
    for steps in range(1, MAX_STEPS):
        for middle in range(1, NODES):
            way = around(env, start, steps)
            if env.edges[way[-1], middle] and env.edges[middle, GOAL] and steps + 2 <= MAX_STEPS:
                earned, ended, info = walked(env, [*way, middle, GOAL])
                assert earned[-1] == info["figures"]["optimality"] == env.fewest[start] / (steps + 2)
                assert ended == [False] * (steps + 1) + [True]
                return
    raise AssertionError("no detour")


def test_a_token_without_an_edge_ends_the_walk() -> None:
    env = RandomWalks()
    for start in range(1, NODES):
        for other in (~env.edges[start]).nonzero()[0]:
            assert walked(env, [start, int(other)]) == ([0.0], [True], {"figures": {"optimality": 0.0}})


def test_a_walk_has_ten_tokens_at_most() -> None:
    env = RandomWalks(36)
    way = around(env, 5, MAX_STEPS)
    earned, ended, info = walked(env, way)
    assert len(way) == 10
    assert earned == [0.0] * MAX_STEPS
    assert ended == [False] * (MAX_STEPS - 1) + [True]
    assert info["figures"] == {"optimality": 0.0}


@pytest.mark.parametrize(("graph", "low", "high"), [(17, 0.60, 0.70), (36, 0.08, 0.12)])
def test_the_optimality_of_random_walks(graph: int, low: float, high: float) -> None:
    """An easy graph and a hard one, expected and seen."""
    env, generator = RandomWalks(graph), np.random.default_rng(0)
    seen = []
    for walk in range(4_000):
        env.reset(options=env.metadata["starts"][walk % (NODES - 1)])
        ended = False
        while not ended:
            _, _, ended, _, info = env.step(env.scripted_action(generator))
        seen.append(info["figures"]["optimality"])
    assert low <= env.data_optimality() <= high
    error = np.std(seen) / np.sqrt(len(seen))
    assert abs(np.mean(seen) - env.data_optimality()) < 4 * error


def test_all_starts_are_equally_likely_and_follow_the_seed() -> None:
    env = RandomWalks()
    starts = [int(env.reset(seed=seed)[0]) for seed in range(4_000)]
    assert starts == [int(env.reset(seed=seed)[0]) for seed in range(4_000)]
    times = np.bincount(starts, minlength=NODES)
    assert times[GOAL] == 0
    assert times[1:].min() > 140
    assert [start["start"] for start in env.metadata["starts"]] == list(range(1, NODES))


def test_it_is_an_environment_of_gymnasium() -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(RandomWalks(), skip_render_check=True)
    made = gym.make("dqn_fast/RandomWalks-v0", graph=36).unwrapped
    assert (made.edges == RandomWalks(36).edges).all()  # type: ignore[attr-defined]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="graph: got -1, expected at least 0"):
        RandomWalks(-1)
    with pytest.raises(TypeError, match=r"graph: got 1\.5, expected an integer"):
        RandomWalks(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="render_mode: got 'human', expected ansi"):
        RandomWalks(render_mode="human")
    env = RandomWalks()
    with pytest.raises(RuntimeError, match="transcript: got no reset so far"):
        env.transcript()
    for start in (0, 21, "b"):
        with pytest.raises(ValueError, match=rf"options\['start'\]: got {start!r}, expected a node from 1"):
            env.reset(options={"start": start})
    env.reset()
    for action in (-1, NODES):
        with pytest.raises(ValueError, match=f"action: got {action}, expected 0 to 20"):
            env.step(action)


def test_the_text() -> None:
    env = RandomWalks(render_mode="ansi")
    start = int(env.fewest.argmax())
    path = shortest(env.edges, start)
    letters = [chr(ord("a") + node) for node in path]
    fewest = len(path) - 1
    env.reset(options={"start": start})
    assert env.render() == f"{letters[0]}: on the way, the fewest are {fewest}"
    walked(env, path)
    assert env.render() == f"{' '.join(letters)}: at the goal after {fewest}, the fewest are {fewest}"
    assert letters[-1] == "a"
    walked(env, [start, start])
    assert env.render() == f"{letters[0]} {letters[0]}: there is no edge from {letters[0]} to {letters[0]}"
    far = RandomWalks(36)
    walked(far, around(far, 5, MAX_STEPS))
    assert far.transcript().endswith(": too long")
    assert far.render() is None
