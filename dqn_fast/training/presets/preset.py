"""What a preset is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """Settings that differ from the defaults of `TrainConfig`.

    Attributes:
        env_ids: environments of the preset.
        settings: fields of `TrainConfig`.
    """

    env_ids: tuple[str, ...]
    settings: dict[str, Any]
