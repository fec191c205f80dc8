"""Figures of dialogues in one small file, from which table and pictures are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, pstdev

from dqn_fast.tasks.movie_ticket import MovieTicket, RandomAgent, RuleAgent
from dqn_fast.training.reports import read_rows
from dqn_fast.training.run_folder.finished import FinishedRun, find_runs
from dqn_fast.training.run_folder.layout import METRICS

DIALOGUES = 2_000  # of the agents that do not learn
EPOCHS = range(49, 80)  # of TC-Bot's protocol: 50 to 80, counted from 1
POINTS = 60  # kept of each curve
OWN, PUBLISHED = "own", "published"
RULES, RANDOM, PROTOCOL_A, TRAINED = "rule agent", "random", "TC-Bot's protocol", "dqn-fast"


@dataclass(frozen=True)
class Figures:
    """The score of one agent, or of one seed of it.

    Attributes:
        agent: which kind it is.
        domain: our own, or the published one.
        success: share of dialogues in which the user got what she wanted.
        reward: mean reward of a dialogue.
        turns: mean number of moves of both sides.
        dialogues: learnt from.
        steps: environment steps of the training.
        rate: learner updates in an environment step of the training.
        updates: learner updates in a dialogue of the training, in the mean.
        error: probability that a value, and that an act, is misunderstood.
        curve: dialogues so far, and the mean reward of the latest ones.
    """

    agent: str
    domain: str
    success: float
    reward: float
    turns: float
    dialogues: int = 0
    steps: int = 0
    rate: float = 0.0
    updates: float = 0.0
    error: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """Seeds of one agent with the same settings."""

    seeds: list[Figures]

    @property
    def first(self) -> Figures:
        """One of them, for what they have in common."""
        return self.seeds[0]

    def mean(self, number: Callable[[Figures], float]) -> float:
        """Return the mean of a number over the seeds."""
        return fmean(map(number, self.seeds))

    def text(self, number: Callable[[Figures], float], digits: int) -> str:
        """Return mean and standard deviation (divided by their number) of a number over the seeds."""
        mean = f"{self.mean(number):.{digits}f}"
        if len(self.seeds) == 1:
            return mean
        return f"{mean} ± {pstdev(map(number, self.seeds)):.{digits}f}"


def baselines(domain: str, env: MovieTicket) -> list[Figures]:
    """Play the agents that do not learn."""
    return [
        _played(RULES, domain, env, RuleAgent(env.domain)),
        _played(RANDOM, domain, env, RandomAgent(env.domain, seed=0)),
    ]


def _played(name: str, domain: str, env: MovieTicket, agent: RuleAgent | RandomAgent) -> Figures:
    success = reward = turns = 0.0
    for seed in range(DIALOGUES):
        env.reset(seed=seed)
        over, step = False, 0
        while not over:
            _, earned, over, _, info = env.step(agent.act(step))
            reward, step = reward + earned, step + 1
        success += info["figures"]["success"]
        turns += info["figures"]["turns"]
    return Figures(name, domain, success / DIALOGUES, reward / DIALOGUES, turns / DIALOGUES)


def protocol_a(paths: Iterable[Path]) -> list[Figures]:
    """Return the scores of TC-Bot's protocol: means over its epochs 50 to 80."""
    found = []
    for path in sorted(paths):
        epochs = json.loads(path.read_text(encoding="utf-8"))["epochs"]
        means = {name: fmean(epochs[epoch][name] for epoch in EPOCHS) for name in epochs[0]}
        found.append(Figures(PROTOCOL_A, PUBLISHED, means["success"], means["reward"], means["turns"]))
    return found


def trained(folders: Sequence[Path]) -> list[Figures]:
    """Return the scores of finished runs."""
    return [_of_run(run) for run in find_runs(folders)[0]]


def _of_run(run: FinishedRun) -> Figures:
    config, result, rows = run.config, run.result, read_rows(run.folder / METRICS)
    kwargs = config["env_kwargs"]
    dialogues = rows[-1].episodes
    points = rows[:: max(len(rows) // POINTS, 1)]
    return Figures(
        TRAINED,
        PUBLISHED if "domain" in kwargs else OWN,
        result["success"],
        result["last_return_mean"],
        result["turns"],
        dialogues=dialogues + config["scripted_episodes"],
        steps=result["steps"],
        rate=config["learn_updates"] / config["learn_period"],
        updates=round(result["updates"] / dialogues, 1),
        error=kwargs.get("slot_error", 0.0),
        curve=[(row.episodes, round(row.return_mean, 2)) for row in points],
    )


def save(path: Path, found: Iterable[Figures]) -> None:
    """Write one line of JSON for each."""
    path.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in found), encoding="utf-8")


def load(path: Path) -> list[Figures]:
    """Read what `save` wrote."""
    return [Figures(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def groups_of(found: Iterable[Figures]) -> list[Group]:
    """Return the seeds of each agent together, in the order in which agents occur first."""
    groups: dict[tuple[object, ...], list[Figures]] = {}
    for one in found:
        key = one.agent, one.domain, one.steps, one.error, one.rate
        groups.setdefault(key, []).append(one)
    return [Group(seeds) for seeds in groups.values()]
