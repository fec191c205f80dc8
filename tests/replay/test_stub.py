"""What the import brings along, and that the extension's stub tells the truth."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import dqn_fast
from dqn_fast import _core


def test_importing_the_package_imports_neither_torch_nor_gymnasium() -> None:
    heavy = "{'torch', 'gymnasium', 'matplotlib', 'scipy', 'tensorboard', 'rich', 'tyro'}"
    code = f"import dqn_fast, sys; dqn_fast.ReplayBuffer(4); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


DISALLOWS_INSTANTIATION = 1 << 7  # Py_TPFLAGS_DISALLOW_INSTANTIATION
Signature = list[tuple[str, bool]]  # name of a parameter, and whether it has a default


def stub_signature(function: ast.FunctionDef) -> Signature:
    arguments = function.args.args
    required = len(arguments) - len(function.args.defaults)
    return [(argument.arg, i >= required) for i, argument in enumerate(arguments)]


def extension_signature(function: Any) -> Signature:
    """Read from the first line of the docstring, which pybind11 writes."""
    line = function.__doc__.splitlines()[0]
    flat = line[line.index("(") + 1 : line.rindex(") ->")]
    while (inner := re.sub(r"\[[^\[\]]*\]|\([^()]*\)", "", flat)) != flat:
        flat = inner
    parameters = [part.strip() for part in flat.split(",") if part.strip() not in ("", "/", "*")]
    return [(re.split("[:=]", part)[0].strip(), "=" in part) for part in parameters]


def public(names: Any) -> set[str]:
    kept = {"__init__", "__len__", "__getitem__", "__version__", "_follow", "_note"}
    return {name for name in names if not name.startswith("_") or name in kept}


def stub() -> ast.Module:
    return ast.parse((Path(dqn_fast.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))


def test_stub_and_extension_have_the_same_names() -> None:
    names = {
        node.target.id if isinstance(node, ast.AnnAssign) else node.name  # type: ignore[union-attr]
        for node in stub().body
        if isinstance(node, (ast.AnnAssign, ast.ClassDef, ast.FunctionDef))
    }
    assert names == public(vars(_core))


def test_stub_and_extension_have_the_same_methods_with_the_same_parameters() -> None:
    classes = [node for node in stub().body if isinstance(node, ast.ClassDef)]
    assert classes
    for node in classes:
        real = vars(getattr(_core, node.name))
        functions = {member.name: member for member in node.body if isinstance(member, ast.FunctionDef)}
        is_made_by_call = not getattr(_core, node.name).__flags__ & DISALLOWS_INSTANTIATION
        assert functions.keys() == public(real) | ({"__init__"} if is_made_by_call else set())
        for name, function in functions.items():
            if any(isinstance(d, ast.Name) and d.id == "property" for d in function.decorator_list):
                assert isinstance(real[name], property | types.GetSetDescriptorType)
            elif name != "__getitem__":  # a slot, of which the docstring has no signature
                assert stub_signature(function) == extension_signature(real[name]), name
