"""Compare players of Wordle: `python bench/words/compare_words.py RUNS --words FILE`.

RUNS hold trainings of `dqn-fast train dqn_fast/Wordle-v0`, with the runs from data that they begin with. FILE
is the published list; the rules play with it. All figures go to results.jsonl beside this file, and table and
picture are made from there; without arguments, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np

from dqn_fast.tasks.wordle import Wordle, play, random_word_that_fits, word_that_splits
from dqn_fast.tasks.wordle.game import Game
from dqn_fast.training.reports import read_rows
from dqn_fast.training.reports.style import BLUE, ORANGE, new_figure, save_figure, style
from dqn_fast.training.run_folder.finished import FinishedRun, find_runs
from dqn_fast.training.run_folder.layout import METRICS
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

HERE = Path(__file__).parent
PART = Part("words", "python bench/words/compare_words.py RUNS --words FILE")
GAMES = 20_000  # of players that draw
OWN, PUBLISHED = "own", "published"
DATA, FITS, SPLITS = "the data's policy", "any word that fits", "the word that splits most"
ONLINE = "Double DQN, from there"
OFFLINE = {"bc": "behaviour cloning", "mc": "returns (MC)", "iql": "implicit Q-learning"}
# Table 2 of LMRL-Gym, as returns; a pretrained GPT-2 spells the words.
LMRL_GYM = {
    DATA: "-4.12",
    OFFLINE["bc"]: "-2.82",
    OFFLINE["mc"]: "-2.16",
    OFFLINE["iql"]: "-2.04 (ILQL)",
    ONLINE: "-2.63 (PPO)",
}


@dataclass(frozen=True)
class Figures:
    """The score of one player, or of one seed of it.

    Attributes:
        player: which one it is.
        words: our own list, or the published one.
        reward: mean return of a game.
        solved: share of games.
        error: standard error of `reward`; 0 where every hidden word is played once.
        games: learnt from.
        curve: games so far, and the mean return of the latest ones.
    """

    player: str
    words: str
    reward: float
    solved: float
    error: float = 0.0
    games: int = 0
    curve: list[tuple[int, float]] = field(default_factory=list)


def rules(name: str, env: Wordle) -> list[Figures]:
    """Play the rules with a list of words."""
    generator, hidden = np.random.default_rng(0), range(len(env.rules.words))
    drawn = generator.integers(len(hidden), size=GAMES).tolist()

    def fitting(game: Game) -> int:
        return random_word_that_fits(game, generator)

    return [
        _score(DATA, name, [_by_data(env, word, generator) for word in drawn], drawn=True),
        _score(FITS, name, [play(env.rules, word, fitting) for word in drawn], drawn=True),
        _score(SPLITS, name, [play(env.rules, word, word_that_splits) for word in hidden], drawn=False),
    ]


def _by_data(env: Wordle, hidden: int, generator: np.random.Generator) -> Game:
    env.reset(options={"word": hidden})
    assert env.game is not None
    while not env.game.is_over:
        env.step(env.scripted_action(generator))
    return env.game


def _score(player: str, words: str, games: Sequence[Game], *, drawn: bool) -> Figures:
    returns = [game.solved - len(game.guesses) for game in games]
    error = pstdev(returns) / len(games) ** 0.5 if drawn else 0.0
    return Figures(player, words, fmean(returns), fmean(game.solved for game in games), error)


def trained(folders: Sequence[Path]) -> list[Figures]:
    """Return the scores of finished runs."""
    return [_of_run(run) for run in find_runs(folders)[0]]


def _of_run(run: FinishedRun) -> Figures:
    config, result, rows = run.config, run.result, read_rows(run.folder / METRICS)
    offline = config["offline"] is not None
    return Figures(
        OFFLINE[config["objective"]] if offline else ONLINE,
        PUBLISHED if "words" in config["env_kwargs"] else OWN,
        result["last_return_mean"],
        result["solved"],
        games=rows[-1].episodes,
        curve=[] if offline else [(row.episodes, round(row.return_mean, 3)) for row in rows],
    )


def markdown(found: Sequence[Figures]) -> str:
    """Return what stands between the markers."""
    groups = _groups(found)
    columns = {
        "words": [group[0].words for group in groups],
        "player": [group[0].player for group in groups],
        "own games": [f"{max(one.games for one in group):,}" if group[0].curve else "" for group in groups],
        "seeds": [str(len(group)) if group[0].player not in (DATA, FITS, SPLITS) else "" for group in groups],
        "return": [_return(group) for group in groups],
        "each": [
            ", ".join(f"{one.reward:.3f}" for one in group) if len(group) > 1 else "" for group in groups
        ],
        "solved": [f"{fmean(one.solved for one in group):.3f}" for group in groups],
        "published": [
            LMRL_GYM.get(group[0].player, "") if group[0].words == PUBLISHED else "" for group in groups
        ],
    }
    return "\n".join(
        [
            "Whole words for actions, a network of our own; environment and data policy are LMRL-Gym's. Its",
            "agents are pretrained GPT-2, which spell words, and learn from about 1,000,000 games (PPO: from",
            "their own). Ours learn from about 50,000 games of the data's policy, and then from their own.",
            "Returns of ours are exact: the greedy policy of the last weights plays every hidden word once.",
            f"Mean ± standard deviation over seeds; players that draw: ± standard error of {GAMES:,} games.",
            "",
            markdown_table(columns, left=("words", "player", "each", "published")),
            "![Returns while it plays](words/words.png)",
        ]
    )


def _groups(found: Sequence[Figures]) -> list[list[Figures]]:
    order = [DATA, FITS, SPLITS, *OFFLINE.values(), ONLINE]
    keys = [(words, player) for words in (PUBLISHED, OWN) for player in order]
    groups = [[one for one in found if (one.words, one.player) == key] for key in keys]
    return [group for group in groups if group]


def _return(group: Sequence[Figures]) -> str:
    mean = f"{fmean(one.reward for one in group):.3f}"
    if len(group) > 1:
        return f"{mean} ± {pstdev(one.reward for one in group):.3f}"
    return f"{mean} ± {group[0].error:.3f}" if group[0].error else mean


def draw(path: Path, found: Sequence[Figures]) -> None:
    """Draw the learning curves of online runs with the published list, and the rules, as a PNG file."""
    figure = new_figure(6.4, 4.0)
    axes = figure.add_subplot()
    online = [one for one in found if one.player == ONLINE and one.words == PUBLISHED]
    for number, one in enumerate(online):
        axes.plot(*zip(*one.curve, strict=True), color=BLUE, label=None if number else "ε = 0.03, each seed")
        label = None if number else "ε = 0, last weights, exact"
        axes.plot(one.curve[-1][0], one.reward, "o", color=BLUE, label=label)
    lines = {
        one.player: one.reward for one in found if one.words == PUBLISHED and one.player in (FITS, SPLITS)
    }
    lines["ILQL, published"] = -2.04
    for (name, value), dashes in zip(lines.items(), ("--", ":", "-."), strict=False):
        axes.axhline(value, color=ORANGE, linestyle=dashes, label=name)
    axes.set(xlabel="own games", ylabel="return of the latest 500 games")
    axes.set_title("Wordle, published words: Double DQN", fontsize=10, fontweight="bold")
    axes.legend(frameon=False, fontsize=9)
    style(axes)
    save_figure(figure, path)


def save(path: Path, found: Iterable[Figures]) -> None:
    """Write one line of JSON for each."""
    path.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in found), encoding="utf-8")


def load(path: Path) -> list[Figures]:
    """Read what `save` wrote."""
    return [Figures(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="*", help="folders of runs, or folders above them")
    parser.add_argument("--words", type=Path, help="the published list of words")
    parser.add_argument("--results", type=Path, default=HERE / "results.jsonl")
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if options.runs:
        found = rules(PUBLISHED, Wordle(options.words)) if options.words else []
        save(options.results, [*found, *rules(OWN, Wordle()), *trained(options.runs)])
    found = load(options.results)
    draw(options.results.parent / "words.png", found)
    PART.write(options.readme, markdown(found))


if __name__ == "__main__":
    main()
