"""A dialogue as a text to read."""

from __future__ import annotations

from collections.abc import Sequence

from dqn_fast.tasks.movie_ticket.dialog import DialogAct, Goal
from dqn_fast.tasks.movie_ticket.words import Words


def transcript(words: Words, goal: Goal, acts: Sequence[DialogAct], success: bool | None) -> str:
    """Return a dialogue in words.

    Args:
        words: language.
        goal: of the user.
        acts: in turn of the user, who begins, and of the agent.
        success: whether she got what she wanted; None while the dialogue goes on.
    """
    speakers = words.templates["speakers"]
    lines = [words.goal(goal, "transcript")]
    for number, said in enumerate(acts):
        turn = number // 2
        if number % 2:
            lines.append(f"{speakers['agent']}{words.agent(said, turn)}")
        else:
            ending = success if number == len(acts) - 1 else None
            lines.append(f"{speakers['user']}{words.user(said, turn, ending)}")
    if success is not None:
        template = words.templates["transcript"]["success" if success else "failure"]
        lines.append(template.format(turns=len(acts) - 1))
    return "\n".join(lines)
