"""Help texts without the line breaks of the source, so that the terminal alone breaks the lines."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any, get_type_hints


def unwrapped(doc: str | None) -> str:
    """Return a docstring whose arguments stand on a line each."""
    return re.sub(r"(?<=\S)\n {8,}(?=\S)", " ", inspect.cleandoc(doc or ""))


def with_fields(part: type[Any]) -> str:
    """Return the docstring of a dataclass with the docstrings of its own fields, as arguments."""
    body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0]
    assert isinstance(body, ast.ClassDef)
    lines = []
    for field, doc in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr):
            assert isinstance(field.target, ast.Name) and isinstance(doc.value, ast.Constant)
            lines.append(f"    {field.target.id}: {' '.join(str(doc.value.value).split())}")
    return "\n".join([inspect.cleandoc(part.__doc__ or ""), "", "Args:", *lines])


def read_like(command: Callable[..., int], run: Callable[..., int], **hints: Any) -> Callable[..., int]:
    """Return a function that tyro reads as a command, without line breaks of the source in its help.

    Args:
        command: whose signature and docstring are read.
        run: is called in its place.
        hints: types of parameters that take the place of the command's.
    """

    def call(*arguments: Any, **options: Any) -> int:
        return run(*arguments, **options)

    signature = inspect.signature(command)
    parameters = dict(signature.parameters)
    for name, hint in hints.items():
        parameters[name] = parameters[name].replace(annotation=hint)
    call.__signature__ = signature.replace(parameters=list(parameters.values()))  # type: ignore[attr-defined]
    call.__annotations__ = {**get_type_hints(command, include_extras=True), **hints}
    call.__doc__ = unwrapped(command.__doc__)
    return call
