"""Modules that have moved: pickles and checkpoints of version 0.1.0 still use their old names."""

from __future__ import annotations

import importlib
import sys
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED = {
    "dqn_fast.prioritized_replay": "dqn_fast.replay.prioritized",
    "dqn_fast.saving": "dqn_fast.replay.saving",
    "dqn_fast.dropin._cleanrl_rainbow": "dqn_fast.dropin.cleanrl.rainbow",
    "dqn_fast.dropin._cpprb_uniform": "dqn_fast.dropin.cpprb.uniform",
    "dqn_fast.dropin._env_dict": "dqn_fast.dropin.cpprb.env_dict",
    "dqn_fast.dropin._nstep": "dqn_fast.dropin.cpprb.nstep",
    "dqn_fast.training.environments": "dqn_fast.envs",
    "dqn_fast.training.environments.episodes": "dqn_fast.envs.episodes",
    "dqn_fast.training.environments.vector": "dqn_fast.envs.vector",
}


class _Finder:
    """Finds a module by its old name and gives it everything that the new one has."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        is_package = any(other.startswith(f"{name}.") for other in MOVED)
        return ModuleSpec(name, self, is_package=is_package) if name in MOVED else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Let Python create the module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = partial(getattr, importlib.import_module(MOVED[module.__name__]))  # type: ignore[method-assign]


def install() -> None:
    """Make the old names importable; the finder comes last, so nothing else is hidden by it."""
    sys.meta_path.append(_Finder())
