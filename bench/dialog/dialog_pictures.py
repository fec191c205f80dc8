"""The pictures of dialogues: success against errors, and learning curves by updates in a dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dialog_results import TRAINED, Group

from dqn_fast.training.reports.style import BLUE, ORANGE, new_figure, save_figure, style


def draw_errors(path: Path, groups: Sequence[Group], rules: float) -> None:
    """Draw the success of runs with the same steps and different error rates, as a PNG file."""
    figure = new_figure(6.4, 4.0)
    axes = figure.add_subplot()
    groups = sorted(groups, key=lambda group: group.first.error)
    means = [group.mean(lambda one: one.success) for group in groups]
    axes.plot([group.first.error for group in groups], means, color=BLUE, label="trained, mean over seeds")
    for group in groups:
        axes.plot(
            [group.first.error] * len(group.seeds), [one.success for one in group.seeds], "o", color=BLUE
        )
    axes.axhline(rules, color=ORANGE, linestyle="--", label="rule agent, without errors")
    axes.set(xlabel="probability that a value, and that an act, is misunderstood", ylabel="success")
    axes.set_ylim(0, 1)
    axes.set_title("Published domain: success against errors", fontsize=10, fontweight="bold")
    axes.legend(frameon=False, fontsize=9)
    style(axes)
    save_figure(figure, path)


def draw_updates(path: Path, groups: Sequence[Group]) -> None:
    """Draw learning curves of runs that differ in their updates for each dialogue, as a PNG file."""
    figure = new_figure(6.4, 4.0)
    axes = figure.add_subplot()
    for group in sorted(groups, key=lambda group: group.first.updates):
        one = group.first
        label = f"{one.updates:.1f} updates in a dialogue: success {one.success:.2f} at the end"
        axes.plot(*zip(*one.curve, strict=True), label=label)
    axes.set(xlabel="dialogues", ylabel="reward of the latest 100 dialogues")
    axes.set_title(f"Published domain: {TRAINED}, one seed each", fontsize=10, fontweight="bold")
    axes.legend(frameon=False, fontsize=9)
    style(axes)
    save_figure(figure, path)
