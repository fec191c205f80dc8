"""Every error of the package has one grammar: "name: got X, expected Y", and more after it if it helps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dqn_fast.errors import SettingError

ROOT = Path(__file__).parent.parent
GRAMMAR = re.compile(r"\S.*: got .+, expected .+", re.DOTALL)

# Kinds that follow no grammar: a package that is not there, what Python itself words, what no user can cause,
# and the one whose constructor words it (last test).
EXEMPT = {"ImportError", "AttributeError", "AssertionError", "SettingError"}

# The classes of C++ that become Python's errors; the others are the system's own (`std::system_error`,
# `OutOfMemory`), whose text is not ours.
THROWN = r"(?:std::(?:invalid_argument|out_of_range|domain_error|runtime_error)|py::(?:\w+_error))"


# What stands in for torchrl's class words these errors as torchrl does: users' code and tests know them.
AS_TORCHRL = "dqn_fast/dropin/torchrl/"


class Message(NamedTuple):
    place: str  # path:line
    kind: str
    text: str  # `{}` stands for whatever is filled in
    quotes: bool  # fills in an error that was caught, in whose message the grammar is

    @property
    def is_grammatical(self) -> bool:
        return self.quotes or GRAMMAR.fullmatch(self.text) is not None


def messages_of_python(path: Path) -> Iterator[Message]:
    """Give every error that is raised with a message written out."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
            continue
        kind, text = ast.unparse(node.exc.func).rpartition(".")[2], text_of(node.exc.args[0])
        if text is None or not kind.endswith("Error") or kind in EXEMPT or kind.startswith("_"):
            continue
        names = {name.id for name in ast.walk(node.exc.args[0]) if isinstance(name, ast.Name)}
        quotes = node.cause is not None and bool(names & {"error", "reason"})
        yield Message(f"{path.relative_to(ROOT)}:{node.lineno}", kind, text, quotes)


def text_of(node: ast.expr) -> str | None:
    """Return a string written out, with `{}` for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return None


def messages_of_cpp(path: Path) -> Iterator[Message]:
    """Give every error that is thrown with a message written out."""
    source = path.read_text("utf-8")
    for found in re.finditer(rf"throw\s+({THROWN})\((.*?)\);", source, re.DOTALL):
        kind, argument = found.groups()
        argument = re.sub(r"\bexpected\b(?=[^\"]*$)", '", expected {}"', argument)  # a variable of this name
        text = re.sub(r'"((?:[^"\\]|\\.)*)"|[^"]+', lambda part: part[1] or "{}", argument)
        if '"' in argument:
            line = source.count("\n", 0, found.start()) + 1
            yield Message(f"{path.relative_to(ROOT)}:{line}", kind.rpartition("::")[2], text, False)


def all_messages() -> list[Message]:
    python = (ROOT / "dqn_fast").rglob("*.py")
    cpp = [path for path in (ROOT / "csrc").rglob("*") if path.suffix in (".cpp", ".hpp")]
    return [
        *(message for path in sorted(python) for message in messages_of_python(path)),
        *(message for path in sorted(cpp) for message in messages_of_cpp(path)),
    ]


def test_every_message_has_the_grammar() -> None:
    messages = all_messages()
    assert len(messages) > 150
    wrong = [
        message
        for message in messages
        if not message.is_grammatical and not message.place.startswith(AS_TORCHRL)
    ]
    assert not wrong, "\n".join(f"{place} {kind}: {text}" for place, kind, text, _ in wrong)


def test_a_setting_has_it_by_construction() -> None:
    error = SettingError("batch_size", 0, "at least 1")
    assert GRAMMAR.fullmatch(str(error))
    assert str(error) == "batch_size: got 0, expected at least 1"
