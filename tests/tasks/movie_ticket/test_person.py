# ruff: noqa: RUF001  # Chinese punctuation is what a person types
"""A person in the place of the simulated user: what she types, what stays asked, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dqn_fast.tasks.movie_ticket import MovieTicket


class Terminal:
    """Types lines one after another, and keeps what is shown."""

    def __init__(self, *lines: str) -> None:
        self.lines: Iterator[str] = iter(lines)
        self.shown: list[str] = []

    def read(self, prompt: str) -> str:
        for line in self.lines:
            self.shown.append(f"{prompt}{line}")
            return line
        raise EOFError

    def write(self, line: str) -> None:
        self.shown.append(line)


def talking(terminal: Terminal, language: str | None = None) -> MovieTicket:
    env = MovieTicket()
    env.talk_with(terminal.read, terminal.write, language)
    env.reset(seed=1)
    return env


def features_of(env: MovieTicket, request: str) -> tuple[float, float]:
    """Return whether the agent sees that a slot is known, and that the user asks for it."""
    slots, acts = len(env.domain.slots), len(env.domain.acts)
    place = env.domain.slots.index(request)
    seen = env._state.features()
    return seen[2 * (acts + 2 * slots) + place], seen[acts + slots + place]


def test_a_whole_dialogue() -> None:
    terminal = Terminal("Robot Wedding on Friday, please. Where is it on?", "", "y")
    env = talking(terminal)
    assert features_of(env, "moviename") == (1, 0)
    assert features_of(env, "theater") == (0, 1)
    env.step(env.domain.index_of("inform", "theater"))
    assert features_of(env, "theater") == (1, 0)
    *_, reward, over, _, info = env.step(env.domain.index_of("thanks"))
    assert (reward, over, info["figures"]) == (80, True, {"success": 1, "turns": 4})
    assert terminal.shown[2:] == [
        "User: Robot Wedding on Friday, please. Where is it on?",
        "Agent: You can see it at The Velvet Whale.",
        "User: ",
        "Agent: Thank you, and enjoy the film!",
        "Did you get what you wanted? [y/n] y",
    ]


def test_in_chinese() -> None:
    terminal = Terminal("我想星期五看《机器人的婚礼》。在哪家影院放映？", "一共三个人。", "n")
    env = talking(terminal, "zh")
    assert features_of(env, "date") == (1, 0)
    env.step(env.domain.index_of("request", "numberofpeople"))
    assert features_of(env, "numberofpeople") == (1, 0)
    assert features_of(env, "theater") == (0, 1)
    _, reward, *_ = env.step(env.domain.index_of("thanks"))
    assert reward == -40
    assert terminal.shown[3] == "售票员：您要几张票？"


def test_who_begins_without_a_question_wants_tickets() -> None:
    env = talking(Terminal("Robot Wedding"))
    assert features_of(env, "ticket") == (0, 1)


def test_what_is_not_understood_is_asked_again() -> None:
    terminal = Terminal("blah", "Robot Wedding", "today")
    env = talking(terminal)
    assert terminal.shown[3].startswith("I did not understand that. You can speak about: film, kind of film,")
    assert features_of(env, "moviename") == (1, 0)
    env.step(env.domain.index_of("request", "date"))
    assert features_of(env, "date") == (1, 0)


@pytest.mark.parametrize("line", ["", "OK.", "yes please"])
def test_what_adds_nothing_repeats_the_last_act(line: str) -> None:
    terminal = Terminal("Robot Wedding. How much is it?", line)
    env = talking(terminal)
    env.step(env.domain.index_of("request", "date"))
    assert features_of(env, "price") == (0, 1)
    assert not terminal.shown[-1].startswith("I did not")


def test_to_leave_is_no_success() -> None:
    terminal = Terminal("Robot Wedding")
    env = talking(terminal)
    _, reward, over, _, info = env.step(env.domain.index_of("request", "date"))
    assert (reward, over, info["figures"]["success"]) == (-40, True, 0)
    assert terminal.shown[-1] == "(You left.)"


def test_to_leave_at_once() -> None:
    terminal = Terminal()
    with pytest.raises(EOFError):
        talking(terminal)
    assert terminal.shown[-1] == "(You left.)"


def test_too_many_turns_end_it() -> None:
    terminal = Terminal("Robot Wedding", *[""] * 30)
    env = talking(terminal)
    ends = [env.step(env.domain.index_of("confirm_question"))[2] for _ in range(21)]
    assert ends == [False] * 20 + [True]
    assert terminal.shown[-1] == "(That took too many turns.)"
