"""The trainer: configuration, collecting and learning, evaluation, checkpoints and reports.

A program needs only what is here: `train`, with a `TrainConfig`, which `preset_of` can make, and observers;
`resume`; and the configuration, model, evaluation and video of a run's folder.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dqn_fast.errors import NotFiniteError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.presets import PRESETS, Preset, preset_of

if TYPE_CHECKING:
    from dqn_fast.training.evaluation.evaluate import Evaluation, evaluate
    from dqn_fast.training.evaluation.video import Video, record_video
    from dqn_fast.training.metrics import MetricsRow
    from dqn_fast.training.observers import Observer, StopTraining
    from dqn_fast.training.parts.envs import build_env
    from dqn_fast.training.run import Run, evaluate_run, resume, train
    from dqn_fast.training.run_folder.model import load_config, load_model
    from dqn_fast.training.run_folder.result import Result

# What needs PyTorch is imported when it is used, since its import takes seconds.
_WHERE = {
    "Evaluation": "evaluation.evaluate",
    "evaluate": "evaluation.evaluate",
    "Video": "evaluation.video",
    "record_video": "evaluation.video",
    "MetricsRow": "metrics",
    "Observer": "observers",
    "StopTraining": "observers",
    "build_env": "parts.envs",
    "Run": "run",
    "evaluate_run": "run",
    "resume": "run",
    "train": "run",
    "load_config": "run_folder.model",
    "load_model": "run_folder.model",
    "Result": "run_folder.result",
}

__all__ = [
    "PRESETS",
    "Evaluation",
    "MetricsRow",
    "NotFiniteError",
    "Observer",
    "Preset",
    "Result",
    "Run",
    "StopTraining",
    "TrainConfig",
    "UsageError",
    "Video",
    "build_env",
    "evaluate",
    "evaluate_run",
    "load_config",
    "load_model",
    "preset_of",
    "record_video",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
