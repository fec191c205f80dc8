"""Loads a pretrained body: weights in safetensors, and code of transformers alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from torch import nn

from dqn_fast.agent.networks.pretrained.kinds import Kind, kind_of
from dqn_fast.errors import SettingError

_REASON = 300  # characters of an error of transformers


class Pretrained(NamedTuple):
    """A body that was loaded.

    Attributes:
        net: the model of transformers; it computes without dropout, in any mode.
        config: of the model.
        kind: its architecture.
        positions: most tokens of a text; None if there may be any.
    """

    net: nn.Module
    config: Any
    kind: Kind
    positions: int | None


# Nets whose weights nobody changes are loaded once: a run's evaluation takes the one that is there.
_frozen: WeakValueDictionary[tuple[Any, ...], nn.Module] = WeakValueDictionary()


def load_pretrained(source: str, *, frozen: bool = False) -> Pretrained:
    """Load a body.

    Args:
        source: a folder with config.json and weights in safetensors, or a name on the hub. A folder is never
            looked for elsewhere.
        frozen: the caller never changes its weights, nor moves it (`Frozen`): it may be one that others hold.

    Raises:
        SettingError: for the setting "body", if transformers is missing, there is no such body, it is of
            another architecture, or weights are missing.
    """
    try:
        import transformers
    except ImportError as error:
        expected = 'the package transformers: pip install "dqn_fast[hf]"'
        raise SettingError("body", f"hf:{source}", expected) from error
    folder = Path(source)
    where = {"local_files_only": folder.is_dir()}
    with in_one_line(source), quietly(transformers):
        fields, _ = transformers.PreTrainedConfig.get_config_dict(source, **where)
        if "model_type" not in fields:
            raise ValueError("config.json: got none with a model_type, expected one")
        kind = kind_of(source, fields)
        model = getattr(transformers, f"{kind.prefix}Model")
        config = model.config_class.from_dict({**fields, **dict.fromkeys(kind.dropouts, 0.0)})
        key = (str(folder.resolve()), *_stamps(folder)) if folder.is_dir() else (source,)
        net = _frozen.get(key) if frozen else None
        if net is None:
            net, found = model.from_pretrained(
                source, config=config, use_safetensors=True, output_loading_info=True, **kind.options, **where
            )
            if missing := sorted(found["missing_keys"]):
                raise ValueError(f"weights: got none for {', '.join(missing)}, expected all")
            net = net.float().eval()
    if frozen:
        _frozen[key] = net
    positions = None if kind.positions is None else getattr(config, kind.positions)
    return Pretrained(net, config, kind, positions)


def _stamps(folder: Path) -> list[tuple[str, int, int]]:
    """Return what changes when a file of the folder is written."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]


@contextmanager
def in_one_line(source: str) -> Iterator[None]:
    """Turn what transformers raises into one line.

    Raises:
        SettingError: if anything is raised within, in its place.
    """
    try:
        yield
    except SettingError:
        raise
    # Damaged files raise what their readers happen to raise.
    except Exception as error:
        reason = " ".join(str(error).split())[:_REASON] or type(error).__name__
        expected = "a folder, or a name on the hub, of a BERT, GPT-2 or XLNet in safetensors"
        raise SettingError("body", f"hf:{source}", f"{expected}: {reason}") from error


@contextmanager
def quietly(transformers: Any) -> Iterator[None]:
    """Keep transformers from bars and warnings: what matters of them is raised."""
    log = transformers.utils.logging
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(before)
        if bars:
            log.enable_progress_bar()
