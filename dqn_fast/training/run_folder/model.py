"""Saves and loads the configuration and the model of a run."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch

from dqn_fast.agent import QNetwork
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig, refuse_unknown
from dqn_fast.training.parts.networks import build_q_net
from dqn_fast.training.run_folder.files import as_json, atomic_write, tensors_as_bytes, with_infinity
from dqn_fast.training.run_folder.layout import CONFIG, MODEL


def save_config(folder: Path, config: TrainConfig) -> None:
    """Write config.json."""
    # JSON has no infinity; "inf" is also what the command line takes.
    fields = {
        name: "inf" if value == math.inf else value for name, value in dataclasses.asdict(config).items()
    }
    with atomic_write(folder / CONFIG) as path:
        path.write_text(as_json(fields) + "\n", encoding="utf-8")


def load_config(folder: str | Path) -> TrainConfig:
    """Read config.json.

    Raises:
        UsageError: if there is none, or it is not the configuration of a run of this version or an older one.
    """
    path = Path(folder) / CONFIG
    try:
        fields = with_infinity(json.loads(path.read_text(encoding="utf-8")))
        refuse_unknown(path, fields)
        return TrainConfig(**fields)
    except OSError as error:
        seeds = sorted(path.parent.glob(f"seed-*/{CONFIG}"))
        advice = f"; {seeds[0].parent} does" if seeds else ""
        raise UsageError(
            f"{folder} holds no run: cannot read {path.name} ({error.strerror}){advice}"
        ) from error
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


def load_model(folder: str | Path, config: TrainConfig, env: gym.Env[Any, Any]) -> QNetwork:
    """Return the Q-network of a run with the weights of model.pt.

    This reads only tensors: a file from elsewhere cannot run code.

    Raises:
        UsageError: if there is no model, or it does not fit the configuration.
    """
    path = Path(folder) / MODEL
    q_net = build_q_net(config, env.observation_space, env.action_space)
    try:
        q_net.load_state_dict(torch.load(path, weights_only=True)["q_net"])
    except OSError as error:
        raise UsageError(f"{folder} has no model yet: cannot read {path.name} ({error.strerror})") from error
    except Exception as error:  # PyTorch raises many kinds for damaged files and other shapes
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path} does not fit the run's configuration: {reason}") from error
    return q_net
