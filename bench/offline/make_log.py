"""Log data for offline learning: episodes of runs' agents, in part at random, as one saved buffer.

python bench/offline/make_log.py LOG.dqn --run FOLDER 0.3 --run FOLDER 1.0 --steps 50000

Each run acts for an equal share of the steps, greedily but for its share of random actions; the last episode
of each is cut off there. Beside LOG.dqn it leaves LOG-best10.dqn, the best tenth of the episodes, and what is
in both as a line and as LOG.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from dqn_fast import ReplayBuffer
from dqn_fast.agent import EpsilonGreedy, FeedForwardPolicy, LinearSchedule
from dqn_fast.training import build_env, load_config, load_model

BEST = 0.1  # of the episodes


class Episode(NamedTuple):
    """Steps of one episode: obs, action, reward, next_obs, terminated, truncated."""

    steps: list[tuple[Any, int, float, Any, bool, bool]]

    @property
    def episode_return(self) -> float:
        """Undiscounted sum of rewards."""
        return sum(step[2] for step in self.steps)


def episodes_of(env: gym.Env[Any, Any], policy: FeedForwardPolicy, steps: int, seed: int) -> list[Episode]:
    """Return episodes of a policy, `steps` steps in all; the last one may be cut off."""
    episodes: list[Episode] = []
    ended = True
    for _ in range(steps):
        if ended:
            obs, _ = env.reset(seed=seed + len(episodes))
            episodes.append(Episode([]))
        action = int(policy.act(np.asarray(obs)[None], 0)[0])
        next_obs, reward, terminated, truncated, _ = env.step(action)
        episodes[-1].steps.append((obs, action, float(reward), next_obs, terminated, truncated))
        obs, ended = next_obs, terminated or truncated
    return episodes


def save(path: Path, env: gym.Env[Any, Any], episodes: Sequence[Episode]) -> str:
    """Write episodes to a file, and a line of JSON about them beside it; return what is in it."""
    steps = sum(len(episode.steps) for episode in episodes)
    buffer = ReplayBuffer(steps, env.observation_space, env.action_space, seed=0)
    for episode in episodes:
        for number, step in enumerate(episode.steps):
            buffer.add(*step, new_segment=number == 0)
    buffer.save(path)
    returns = np.array([episode.episode_return for episode in episodes])
    about: dict[str, float] = {"steps": steps, "episodes": len(episodes)}
    about |= {"return_mean": float(returns.mean()), "return_std": float(returns.std())}
    path.with_suffix(".json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    spread = f"{returns.mean():.1f} ± {returns.std():.1f}"
    return f"{path}: {steps:,} steps, {len(episodes):,} episodes, return {spread}\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("log", type=Path)
    parser.add_argument("--run", nargs=2, action="append", required=True, metavar=("FOLDER", "EPSILON"))
    parser.add_argument("--steps", type=int, required=True, help="environment steps in all")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    env = build_env(load_config(options.run[0][0]))
    episodes: list[Episode] = []
    for number, (folder, epsilon) in enumerate(options.run):
        q_net = load_model(folder, load_config(folder), env)
        schedule = LinearSchedule(float(epsilon), float(epsilon), 0)
        generator = np.random.default_rng((options.seed, number))
        exploration = EpsilonGreedy(schedule, q_net.num_actions, generator)
        policy = FeedForwardPolicy(q_net, exploration)
        seed = options.seed + 1_000_000 * number
        episodes += episodes_of(env, policy, options.steps // len(options.run), seed)
    best = sorted(episodes, key=lambda episode: -episode.episode_return)
    sys.stdout.write(save(options.log, env, episodes))
    best_path = options.log.with_name(f"{options.log.stem}-best10{options.log.suffix}")
    sys.stdout.write(save(best_path, env, best[: round(BEST * len(best))]))


if __name__ == "__main__":
    main()
