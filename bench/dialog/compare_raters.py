"""Do marks steer an agent? `python bench/dialog/compare_raters.py RUNS`, a minute of processor time.

Two raters read 100 dialogues of an agent that books cinema tickets. One likes to be asked: 5 for two or more
questions, 3 for one, 1 for none. The other one does not, and gives 1, 3 and 5. The agent goes on learning
without marks, and with those of each rater. RUNS is a new folder for the runs. Their figures go to
raters.jsonl beside this file, and table and picture are made from there; without RUNS, nothing else is done.
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
BEFORE, NOBODY = "before", "nobody"
DISLIKES, LIKES = "who dislikes questions", "who likes questions"
_EPSILON = 0.1  # of the dialogues that are rated, so that they differ
_NAMES = {None: "nobody", False: "dislikes", True: "likes"}  # of folders, by what the rater likes
_FIRST = 10**6  # seed of the dialogues that are measured; none was rated or evaluated


@dataclass(frozen=True)
class Figures:
    """What the agent of one run says.

    Attributes:
        rater: whose marks it has learned from.
        seed: of the run.
        questions: that the agent asks in a dialogue, in the mean.
        success: share of dialogues in which the user gets what she wants.
        turns: mean of both sides' moves.
    """

    rater: str
    seed: int
    questions: float
    success: float
    turns: float


def questions_in(words: str) -> int:
    """Return how many questions the agent asks in a dialogue."""
    return sum(line.startswith("Agent: ") and line.endswith("?") for line in words.splitlines())


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
        fmean(questions_in(text.words) for text in texts),
        fmean(text.reward[-1] > 0 for text in texts),
        fmean(2 * len(text.action) for text in texts),
    )


def rule(likes: bool) -> tuple[Callable[[str], str], Callable[[str], None]]:
    """Return how a rater answers, and how it is shown a text."""
    shown: list[str] = []

    def read(prompt: str) -> str:
        mark = min(1 + 2 * questions_in(shown[-1]), 5)
        return str(mark if likes else 6 - mark)

    return read, shown.append


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
            marks = {"ratings": (str(file),), "rating_scale": 40.0}
        train(replace(config, **marks), folder / name)
        found.append(measured(folder / name, rater, dialogues))
    return found


def markdown(found: Sequence[Figures]) -> str:
    """Return what stands between the markers."""
    groups = [[one for one in found if one.rater == rater] for rater in (BEFORE, NOBODY, DISLIKES, LIKES)]
    columns = {
        "marks of": [group[0].rater for group in groups],
        "seeds": [str(len(group)) for group in groups],
        "questions in a dialogue": [_mean([one.questions for one in group]) for group in groups],
        "success": [_mean([one.success for one in group]) for group in groups],
        "turns": [_mean([one.turns for one in group], 1) for group in groups],
    }
    return "\n".join(
        [
            "Two raters mark 100 dialogues of an agent that books tickets (`--epsilon 0.1`): one gives 5 for",
            "two questions or more, 3 for one and 1 for none, the other one 1, 3 and 5. The agent goes on",
            "learning for 5,000 steps with `--rating-scale 40`. Measured on 300 other dialogues, without",
            "random actions; mean ± standard deviation over seeds.",
            "",
            markdown_table(columns, left=("marks of",)),
            "",
            "![What marks do](dialog/raters.png)",
        ]
    )


def draw(path: Path, found: Sequence[Figures]) -> None:
    """Draw how many questions each agent asks, as a PNG file."""
    figure = new_figure(6.4, 3.2)
    axes = figure.add_subplot()
    raters = (BEFORE, NOBODY, DISLIKES, LIKES)
    for place, (rater, color) in enumerate(zip(raters, (GREY, GREY, ORANGE, BLUE), strict=True)):
        counts = [one.questions for one in found if one.rater == rater]
        axes.bar(place, fmean(counts), color=color, alpha=0.35)
        axes.plot([place] * len(counts), counts, "o", color=color)
    axes.set_xticks(
        range(len(raters)), ["before", "without marks", "a rater dislikes it", "a rater likes it"]
    )
    axes.set(ylabel="questions in a dialogue")
    axes.set_title("What an agent asks, 5,000 steps after 100 marks", fontsize=10, fontweight="bold")
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
    for name, default in (("steps", 10_000), ("more", 5_000), ("rated", 100), ("dialogues", 300)):
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
