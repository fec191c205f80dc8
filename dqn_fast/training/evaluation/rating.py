"""A person rates texts of trained agents, without knowing which agent wrote which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dqn_fast.agent import Straying, make_policy, without_exploration
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.marks import given
from dqn_fast.training.evaluation.transcripts import tell, transcript_of
from dqn_fast.training.parts.envs import build_env, environment_of
from dqn_fast.training.run_folder.layout import MODEL, RATINGS
from dqn_fast.training.run_folder.model import digest_of, load_model
from dqn_fast.training.run_folder.ratings import BEST, WORST, Rating, Text, append_rating
from dqn_fast.training.seeds import first_seed


class Unrated(NamedTuple):
    """A text that a person has not rated yet.

    Attributes:
        words: to be shown.
        files: of the agents that wrote it, each with what makes a rating of a mark.
    """

    words: str
    files: dict[Path, Callable[[int], Rating]]


def unrated_texts(
    runs: Mapping[Path, TrainConfig],
    *,
    episodes: int = 10,
    seed: int | None = None,
    rater: str = "",
    epsilon: float = 0.0,
    on_episode: Callable[[int], object] = lambda played: None,
) -> list[Unrated]:
    """Return texts of trained agents in random order, without those that a person has rated.

    All agents play episodes of equal seeds, so they begin alike. A text that several agents wrote comes once.
    The environment must have a method `transcript()`, which returns its latest episode in words.

    Args:
        runs: configuration of each by its folder, which holds its model; all of one environment.
        episodes: of each agent.
        seed: of the first episode, the next one has seed + 1; None is that of the first run's evaluation. It
            also decides the order of the texts, and the random actions.
        rater: name of the person.
        epsilon: probability of a random action at each step, for texts to differ more.
        on_episode: called with the number of episodes that are over.

    Raises:
        UsageError: if the environment has no such method, the environments differ, a folder has no model,
            or its marks cannot be read.
        SettingError: if a number is outside its range.
    """
    if episodes < 1:
        raise SettingError("episodes", episodes, "at least 1")
    if not 0 <= epsilon <= 1:
        raise SettingError("epsilon", epsilon, "from 0 to 1")
    _require_one_environment(runs)
    first = first_seed(seed, next(iter(runs.values())).seeds.evaluation)
    unrated: dict[str, Unrated] = {}
    played = 0
    for folder, config in runs.items():
        has = {one.text.digest() for one in given(folder, epsilon) if one.rater == rater}
        agent, environment = digest_of(folder / MODEL), environment_of(config)
        for text in _texts(folder, config, range(first, first + episodes), epsilon):
            played += 1
            on_episode(played)
            digest = text.digest()
            if digest not in has:
                unrated.setdefault(digest, Unrated(text.words, {})).files[folder / RATINGS] = partial(
                    Rating, rater=rater, agent=agent, epsilon=epsilon, environment=environment, text=text
                )
    texts = list(unrated.values())
    return [texts[index] for index in np.random.default_rng(first).permutation(len(texts))]


def rate(texts: Iterable[Unrated], read: Callable[[str], str], write: Callable[[str], None]) -> None:
    """Show texts one after another, and store the mark that a person gives to each before the next one.

    Each mark goes to ratings.jsonl in the folder of the agent that wrote the text.

    Args:
        texts: to be shown.
        read: returns a line after a prompt, as `input` does; an EOFError ends the rating.
        write: shows a line.

    Raises:
        UsageError: if a mark cannot be written.
    """
    texts = list(texts)
    for number, text in enumerate(texts, 1):
        write(f"\ntext {number} of {len(texts)}\n\n{text.words}\n")
        try:
            mark = _ask(read, write)
        except EOFError:
            return
        if mark is not None:
            for path, rating_of in text.files.items():
                append_rating(path, rating_of(mark))


def _texts(folder: Path, config: TrainConfig, seeds: range, epsilon: float) -> Iterable[Text]:
    env = build_env(config)
    try:
        transcript = transcript_of(env)
        if transcript is None:
            raise UsageError(
                f"{config.env_id}: got an environment that tells no episode in words, expected one with"
                " transcript(), such as dqn_fast/MovieTicket-v0"
            )
        q_net = load_model(folder, config, env)
        exploration = Straying(without_exploration(q_net), epsilon, q_net.num_actions)
        policy = make_policy(q_net, exploration)
        yield from tell(policy, env, transcript, seeds)
    finally:
        env.close()


def _ask(read: Callable[[str], str], write: Callable[[str], None]) -> int | None:
    """Return a mark; None if the person gives none."""
    while True:
        line = read(f"mark, {WORST} (worst) to {BEST} (best), or Enter for none: ").strip()
        if not line:
            return None
        if line.isascii() and line.isdigit() and WORST <= int(line) <= BEST:
            return int(line)
        write(f"(a number from {WORST} to {BEST})")


def _require_one_environment(runs: Mapping[Path, TrainConfig]) -> None:
    (first, config), *others = runs.items()
    for folder, other in others:
        for name in ("env_id", "env_kwargs"):
            one, another = getattr(config, name), getattr(other, name)
            if one != another:
                raise UsageError(f"{folder}: got {name} {another}, expected {one}, as in {first}")
