"""Do marks steer an agent? `python bench/dialog/compare_raters.py RUNS`, a minute of processor time.

Two raters read 300 dialogues of an agent that books cinema tickets. One dislikes a sentence that nobody asks
for, "It's for those over 12.", and the other one likes it. The agent goes on learning without marks, and with
those of each rater. RUNS is a new folder for the runs. Their figures go to raters.jsonl beside this file, and
table and picture are made from there; without RUNS, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from dqn_fast.training import load_config, load_model, preset_of, train
from dqn_fast.training.evaluation.play import greedy_policy
from dqn_fast.training.evaluation.rating import rate, unrated_texts
from dqn_fast.training.evaluation.transcripts import tell, transcript_of
from dqn_fast.training.parts import build_env
from dqn_fast.training.reports.style import BLUE, GREY, ORANGE, new_figure, save_figure, style
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

PART = Part("raters", "python bench/dialog/compare_raters.py RUNS")
SENTENCE = "Agent: It's for "  # those over 12, the whole family ...
BEFORE, NOBODY, DISLIKES, LIKES = "before", "nobody", "who dislikes the sentence", "who likes the sentence"
_EPSILON = 0.1  # of the dialogues that are rated, so that the sentence is in some
_NAMES = {None: "nobody", False: "dislikes", True: "likes"}  # of folders, by what the rater likes
_FIRST = 10**6  # seed of the dialogues that are measured; none was rated or evaluated


@dataclass(frozen=True)
class Figures:
    """What the agent of one run says.

    Attributes:
        rater: whose marks it has learned from.
        seed: of the run.
        sentence: share of dialogues with the sentence.
        success: share of dialogues in which the user gets what she wants.
        turns: mean of both sides' moves.
    """

    rater: str
    seed: int
    sentence: float
    success: float
    turns: float


def says_it(words: str) -> bool:
    """Return whether the agent says the sentence in a dialogue."""
    return any(line.startswith(SENTENCE) for line in words.splitlines())


def measured(folder: Path, rater: str, dialogues: int) -> Figures:
    """Return what the agent of a run says in dialogues that it has not seen."""
    config = load_config(folder)
    with closing(build_env(config)) as env:
        transcript = transcript_of(env)
        assert transcript is not None
        policy = greedy_policy(load_model(folder, config, env))
        texts = list(tell(policy, env, transcript, range(_FIRST, _FIRST + dialogues)))
    return Figures(
        rater,
        config.seed,
        fmean(says_it(text.words) for text in texts),
        fmean(text.reward[-1] > 0 for text in texts),
        fmean(2 * len(text.action) for text in texts),
    )


def rule(likes: bool) -> tuple[Callable[[str], str], Callable[[str], None]]:
    """Return how a rater answers, and how it is shown a text."""
    shown: list[str] = []
    return lambda prompt: "5" if says_it(shown[-1]) == likes else "1", shown.append


def run(folder: Path, seed: int, *, steps: int, more: int, rated: int, dialogues: int) -> list[Figures]:
    """Train an agent, and let it go on without marks and with those of each rater.

    Args:
        folder: for the runs.
        seed: of all of them.
        steps: environment steps before.
        more: environment steps from there.
        rated: dialogues that each rater reads.
        dialogues: that are measured.
    """
    common: dict[str, Any] = {"seed": seed, "eval_episodes": 1}
    base = folder / f"{seed}-before"
    config = replace(preset_of("dqn_fast/MovieTicket-v0"), total_steps=steps, **common)
    train(config, base)
    found = [measured(base, BEFORE, dialogues)]
    later: dict[str, Any] = {"from_folder": str(base), "scripted_episodes": 0, "epsilon_begin": 0.05}
    config = replace(config, total_steps=more, learning_starts=min(200, more // 2), **later)
    for rater, likes in ((NOBODY, None), (DISLIKES, False), (LIKES, True)):
        name = f"{seed}-{_NAMES[likes]}"
        marks: dict[str, Any] = {}
        if likes is not None:
            texts = unrated_texts({base: load_config(base)}, episodes=rated, rater=rater, epsilon=_EPSILON)
            rate(texts, *rule(likes))
            file = folder / f"{name}.jsonl"
            (base / "ratings.jsonl").rename(file)
            marks = {"ratings": (str(file),), "rating_scale": 40.0, "rating_share": 0.5}
        train(replace(config, **marks), folder / name)
        found.append(measured(folder / name, rater, dialogues))
    return found


def markdown(found: Sequence[Figures]) -> str:
    """Return what stands between the markers."""
    groups = [[one for one in found if one.rater == rater] for rater in (BEFORE, NOBODY, DISLIKES, LIKES)]
    columns = {
        "marks of": [group[0].rater for group in groups],
        "seeds": [str(len(group)) for group in groups],
        "dialogues with the sentence": [_mean([one.sentence for one in group]) for group in groups],
        "each": [", ".join(f"{one.sentence:.2f}" for one in group) for group in groups],
        "success": [_mean([one.success for one in group]) for group in groups],
        "turns": [_mean([one.turns for one in group], 1) for group in groups],
    }
    return "\n".join(
        [
            "Two raters mark 300 dialogues of an agent that books tickets (`--epsilon 0.1`), with 5 or 1 by",
            "one sentence alone: “It's for those over 12.”, which nobody asks for. The agent goes on",
            "learning for 5,000 steps with `--rating-scale 40 --rating-share 0.5`. Measured on 300 other",
            "dialogues, without random actions; mean ± standard deviation over seeds, then each seed.",
            "",
            markdown_table(columns, left=("marks of",)),
            "",
            "![What marks do](dialog/raters.png)",
        ]
    )


def draw(path: Path, found: Sequence[Figures]) -> None:
    """Draw how often each agent says the sentence, as a PNG file."""
    figure = new_figure(6.4, 3.2)
    axes = figure.add_subplot()
    raters = (BEFORE, NOBODY, DISLIKES, LIKES)
    for place, (rater, color) in enumerate(zip(raters, (GREY, GREY, ORANGE, BLUE), strict=True)):
        shares = [one.sentence for one in found if one.rater == rater]
        axes.bar(place, fmean(shares), color=color, alpha=0.35)
        axes.plot([place] * len(shares), shares, "o", color=color)
    axes.set_xticks(
        range(len(raters)), ["before", "without marks", "a rater dislikes it", "a rater likes it"]
    )
    axes.set(ylim=(0, 1), ylabel="dialogues with the sentence")
    axes.set_title(
        "“It's for those over 12.”: after 300 marks and 5,000 steps", fontsize=10, fontweight="bold"
    )
    style(axes)
    save_figure(figure, path)


def _mean(values: Sequence[float], digits: int = 2) -> str:
    mean = f"{fmean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {pstdev(values):.{digits}f}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="?", help="new folder for the runs")
    parser.add_argument("--seeds", type=int, default=3)
    for name, default in (("steps", 10_000), ("more", 5_000), ("rated", 300), ("dialogues", 300)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("raters.jsonl"))
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if options.runs:
        sizes = {name: getattr(options, name) for name in ("steps", "more", "rated", "dialogues")}
        found = [one for seed in range(options.seeds) for one in run(options.runs, seed, **sizes)]
        options.results.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in found), encoding="utf-8")
    lines = options.results.read_text(encoding="utf-8").splitlines()
    found = [Figures(**json.loads(line)) for line in lines]
    draw(options.results.with_suffix(".png"), found)
    PART.write(options.readme, markdown(found))


if __name__ == "__main__":
    main()
