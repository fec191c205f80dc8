"""All presets, and which of them a run begins with."""

from __future__ import annotations

import re
from dataclasses import replace

from dqn_fast.errors import SettingError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.presets.atari import ATARI
from dqn_fast.training.presets.classic_control import CLASSIC_CONTROL
from dqn_fast.training.presets.language import LANGUAGE
from dqn_fast.training.presets.memory import MEMORY
from dqn_fast.training.presets.minatar import MINATAR
from dqn_fast.training.presets.preset import Preset
from dqn_fast.training.settings import EnvironmentSettings, NetworkSettings

#: By name. Of several for one environment, the first is the one that a run takes by itself.
PRESETS: dict[str, Preset] = {**CLASSIC_CONTROL, **MINATAR, **ATARI, **MEMORY, **LANGUAGE}


def preset_of(env_id: str | None, name: str | None = None) -> TrainConfig:
    """Return the configuration of a preset.

    Args:
        env_id: Gymnasium id; None is the first environment of the preset `name`.
        name: of the preset; None is the first one for this environment, or the defaults if there is none.

    Raises:
        SettingError: if there is no preset of that name.
        ValueError: if both are None.
    """
    if name is None:
        if env_id is None:
            raise ValueError("env_id: got None, expected one, or the name of a preset")
        fitting = [preset for preset in PRESETS.values() if env_id in preset.env_ids]
        return TrainConfig(env_id, **fitting[0].settings if fitting else {})
    if name not in PRESETS:
        raise SettingError("preset", name, f"one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    return TrainConfig(env_id or preset.env_ids[0], **preset.settings)


def pretraining_of(config: TrainConfig) -> TrainConfig | None:
    """Return the configuration of the run that another one begins with; None if there is none.

    It has the settings of the preset `config.pretrain`. Environment, network and seed are those of `config`.

    Raises:
        SettingError: if there is no preset of that name, or it has one to begin with itself.
    """
    if not config.pretrain:
        return None
    if config.pretrain not in PRESETS:
        raise SettingError("pretrain", config.pretrain, f"one of {', '.join(PRESETS)}")
    first = preset_of(config.env_id, config.pretrain)
    if first.pretrain:
        raise SettingError("pretrain", config.pretrain, "a preset without one of its own")
    shared = [
        *EnvironmentSettings.__annotations__,
        *NetworkSettings.__annotations__,
        "seed",
        "threads",
        "device",
        # The size of networks that remember.
        *("sequence_units", "gpt_layers", "gpt_heads", "gpt_span"),
    ]
    own = {"_", "num_envs", "vectorization", "dueling", "from_folder", "pretrain"}
    return replace(first, **{name: getattr(config, name) for name in shared if name not in own})


def origin_of_settings(env_id: str, name: str | None = None) -> str:
    """Return where `preset_of` takes its settings from, in words; for the defaults, what may be meant.

    Args:
        env_id: Gymnasium id.
        name: of the preset; None is the first one for this environment, or the defaults if there is none.
    """
    fitting = [one for one, preset in PRESETS.items() if env_id in preset.env_ids]
    if name is not None:
        others = "" if name in fitting else f", which is for {', '.join(PRESETS[name].env_ids)}"
        return f"the settings of the preset {name}{others}"
    if fitting:
        return f"the settings of the preset {fitting[0]}"
    for one, preset in PRESETS.items():
        for similar in preset.env_ids:
            if _without_version(similar) == _without_version(env_id):
                return f"the default settings; --preset {one} takes those for {similar}"
    return "the default settings, since no preset is for it"


def _without_version(env_id: str) -> str:
    return re.sub(r"-v\d+$", "", env_id.rpartition(":")[2])
