"""Presets: settings that are known to work for an environment, a file for each kind of environment."""

from dqn_fast.training.presets.choice import PRESETS, origin_of_settings, preset_of, pretraining_of
from dqn_fast.training.presets.preset import Preset

__all__ = ["PRESETS", "Preset", "origin_of_settings", "preset_of", "pretraining_of"]
