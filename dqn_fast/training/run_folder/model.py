"""Saves and loads the configuration and the model of a run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from torch import Tensor

from dqn_fast.agent import QNetwork
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig, refuse_unknown
from dqn_fast.training.parts.device import placed
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.parts.networks import build_q_net
from dqn_fast.training.run_folder.files import as_json, atomic_write, tensors_as_bytes, with_infinity
from dqn_fast.training.run_folder.layout import CONFIG, MODEL
from dqn_fast.training.settings import NetworkSettings


def save_config(folder: Path, config: TrainConfig) -> None:
    """Write config.json."""
    # JSON has no infinity; "inf" is also what the command line takes.
    fields = {
        name: "inf" if value == math.inf else value for name, value in dataclasses.asdict(config).items()
    }
    with atomic_write(folder / CONFIG) as path:
        path.write_text(as_json(fields) + "\n", encoding="utf-8")


def load_config(folder: str | Path, *, device: str | None = None) -> TrainConfig:
    """Read the config.json of a run.

    Args:
        folder: of the run.
        device: replaces the device of the run; None keeps it.

    Raises:
        UsageError: if there is none, or it is not the configuration of a run of this version or an older one.
    """
    path = Path(folder) / CONFIG
    try:
        config = read_config(path)
        return config if device is None else dataclasses.replace(config, device=device)
    except FileNotFoundError as error:
        seeds = sorted(path.parent.glob(f"seed-*/{CONFIG}"))
        advice = f"; {seeds[0].parent} does" if seeds else ""
        raise UsageError(
            f"{folder} holds no run: cannot read {path.name} ({error.strerror}){advice}"
        ) from error


def read_config(path: Path) -> TrainConfig:
    """Read a configuration in JSON; settings that it leaves out have their defaults.

    Raises:
        FileNotFoundError: if there is no such file.
        UsageError: if it cannot be read, or is not a configuration of this version or an older one.
    """
    try:
        fields = with_infinity(json.loads(path.read_text(encoding="utf-8")))
        refuse_unknown(path, fields)
        return TrainConfig(**fields)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except SettingError as error:
        raise UsageError(f"{path}: {error}") from error
    except UsageError:
        raise
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is not a configuration of this version: {error}") from error


def save_model(folder: Path, q_net: QNetwork) -> None:
    """Write the weights of the Q-network to model.pt."""
    with atomic_write(folder / MODEL) as path:
        path.write_bytes(tensors_as_bytes({"q_net": q_net.state_dict()}))


def load_model(
    folder: str | Path, config: TrainConfig | None = None, env: gym.Env[Any, Any] | None = None
) -> QNetwork:
    """Return the Q-network of a run with the weights of model.pt, on the run's device.

    This reads only tensors: a file from elsewhere cannot run code. (A class of your own that the
    configuration names is imported.)

    Args:
        folder: of the run.
        config: of the run; None reads it from the folder.
        env: of the run, for its spaces; not closed. None makes one, and closes it.

    Raises:
        UsageError: if there is no run or no model, the model does not fit the configuration, the environment
            cannot be made, or there is no such device: `load_config` can take another one.
    """
    config = load_config(folder) if config is None else config
    if env is None:
        with closing(build_env(config)) as env:
            return load_model(folder, config, env)
    q_net = build_q_net(config, env.observation_space, env.action_space)
    path = Path(folder) / MODEL
    weights = _weights(path)
    if misfit := _misfit(weights, q_net):
        raise UsageError(f"{path}: got weights whose {misfit}, expected those of the run's {CONFIG}")
    q_net.load_state_dict(weights)
    return placed(config, q_net, env.observation_space)


def digest_of(path: Path) -> str:
    """Return what tells a file with weights from any other.

    Raises:
        UsageError: if it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(
            f"{path.parent} has no model yet: cannot read {path.name} ({error.strerror})"
        ) from error


def weights_to_begin_with(folder: Path, config: TrainConfig, q_net: QNetwork) -> dict[str, Tensor]:
    """Return the weights of the model that a run begins with.

    If the other run is one of implicit Q-learning and this one is not, these are its first Q and the layers
    below it.

    Args:
        folder: of the other run.
        config: of the run that begins.
        q_net: of the run that begins; only read.

    Raises:
        UsageError: if there is no run or no model in that folder.
        SettingError: if the weights do not fit; the settings of the network that differ are named.
    """
    other, weights = load_config(folder), _weights(folder / MODEL)
    if other.objective == "iql" != config.objective:
        weights = _first_q(weights, q_net)
    if other.objective == "bc" and config.objective == "soft":
        own = q_net.state_dict()  # the model lies below values of this run's own
        weights = {**weights, **{name: value for name, value in own.items() if name not in weights}}
    if misfit := _misfit(weights, q_net):
        names = [field.name for field in dataclasses.fields(NetworkSettings) if field.name != "from_folder"]
        differ = [
            f"{name} {getattr(other, name)} there and {getattr(config, name)} here"
            for name in ("env_id", *names)
            if getattr(other, name) != getattr(config, name)
        ]
        raise SettingError("from_folder", f"{folder}, whose {misfit}", f"weights that fit{_listed(differ)}")
    return weights


def _first_q(weights: dict[str, Tensor], q_net: QNetwork) -> dict[str, Tensor]:
    """Return the weights of the first Q under the names of a network with that head alone, if they fit it."""
    others = ("head.q2.", "head.policy.", "head.value.")
    kept = [value for name, value in weights.items() if not any(other in name for other in others)]
    names = q_net.state_dict()
    # A head's own hidden layer is the last of the body there: the layers stand in the same order.
    return dict(zip(names, kept, strict=True)) if len(kept) == len(names) else weights


def _weights(path: Path) -> dict[str, Tensor]:
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["q_net"]
        if not isinstance(weights, dict):
            raise TypeError(f"q_net: got {type(weights).__name__}, expected a dict")
    except OSError as error:
        raise UsageError(
            f"{path.parent} has no model yet: cannot read {path.name} ({error.strerror})"
        ) from error
    except Exception as error:  # PyTorch raises many kinds for damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path} does not fit the run's configuration: {reason}") from error
    return weights


def _misfit(weights: dict[str, Tensor], q_net: QNetwork) -> str:
    """Return the first difference between weights and those of a network; empty if they fit."""
    own = q_net.state_dict()
    for name in [*own, *weights]:
        got, expected = (_shape(state.get(name)) for state in (weights, own))
        if got != expected:
            return f"{name} is {got} instead of {expected}"
    return ""


def _shape(weight: Any) -> str:
    return str(tuple(weight.shape)) if isinstance(weight, Tensor) else "missing"


def _listed(differences: Sequence[str]) -> str:
    return f": {', '.join(differences)}" if differences else ""
