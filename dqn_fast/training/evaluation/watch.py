"""Shows the trained agent while it plays: in the environment's own window, or as text in the terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.play import Episode, greedy_policy, play
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.run_folder.model import load_model
from dqn_fast.training.seeds import first_seed

_FPS = 15.0
_MOST_FPS = 1_000
_HOME = "\x1b[H\x1b[J"  # the cursor goes to the first line, and what is below it goes away


def watch(
    folder: str | Path,
    config: TrainConfig,
    *,
    episodes: int = 1,
    seed: int | None = None,
    fps: float | None = None,
    size: tuple[int, int] = (80, 24),
    write: Callable[[str], object] = sys.stdout.write,
) -> list[float]:
    """Play episodes of a run by its greedy policy, for someone to look at.

    It opens a window if there is a screen and the environment draws on it. Otherwise it writes text: the
    environment's own, or its pictures in half blocks of 24-bit colour.

    Args:
        folder: of the run, with its model.
        config: of the run.
        episodes: number of episodes, at least 1.
        seed: of the first episode, the next one has seed + 1; None is that of the run's evaluation.
        fps: environment steps per second for text; None is the rate of the environment, or 15.
        size: columns and lines of the terminal.
        write: takes text.

    Returns:
        The undiscounted return of each episode.

    Raises:
        SettingError: if an argument is outside its range.
        UsageError: if the environment cannot be shown, or there is no model.
    """
    if episodes < 1:
        raise SettingError("episodes", episodes, "at least 1")
    if fps is not None and not 0 < fps <= _MOST_FPS:
        raise SettingError("fps", fps, f"above 0 and at most {_MOST_FPS}")
    first = first_seed(seed, config.seeds.evaluation)
    env = build_env(config)
    modes = env.metadata.get("render_modes") or []
    rate = fps or env.metadata.get("render_fps") or _FPS
    env.close()
    mode = render_mode(config.env_id, modes, has_screen())
    env = build_env(config, render_mode=mode)
    played: list[Episode] = []
    try:
        policy = greedy_policy(load_model(folder, config, env))
        for episode in play(policy, env, range(first, first + episodes)):
            if episode.steps == 0:
                played.append(episode)
            if mode != "human":  # a window draws itself
                drawn: Any = env.render()
                text = str(drawn) if mode == "ansi" else as_text(drawn, *size)
                score = f"episode {len(played)}, step {episode.steps}, return {episode.episode_return:.1f}"
                write(f"{_HOME}{text.rstrip()}\n{score}\n")
                time.sleep(1 / rate)
    finally:
        env.close()
    return [episode.episode_return for episode in played]


def has_screen() -> bool:
    """Return whether a window can be opened here."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def render_mode(env_id: str, modes: list[str], screen: bool) -> str:
    """Return the render mode to show an environment with.

    Raises:
        UsageError: if it has none that can be shown.
    """
    for mode, is_possible in (("human", screen), ("ansi", True), ("rgb_array", True)):
        if mode in modes and is_possible:
            return mode
    raise UsageError(f"{env_id}: got the render modes {modes}, expected human, ansi or rgb_array among them")


def as_text(picture: Any, columns: int, lines: int) -> str:
    """Return a picture as text: each character is two pixels, one above the other.

    Args:
        picture: `(height, width, 3)` uint8, or floating point from 0 to 1.
        columns: most characters of a line.
        lines: most lines, one of which is left free.
    """
    pixels = np.asarray(picture)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise UsageError(f"frame: got shape {pixels.shape}, expected (height, width, 3)")
    if np.issubdtype(pixels.dtype, np.floating):
        pixels = np.rint(pixels.clip(0, 1) * 255)
    height, width = pixels.shape[:2]
    scale = max(height / (2 * (lines - 1)), width / columns)
    rows = max(int(height / scale) // 2 * 2, 2)
    down, right = (
        np.arange(count) * side // count
        for count, side in ((rows, height), (max(int(width / scale), 1), width))
    )
    small = pixels[down][:, right].astype(int)
    return "\n".join(
        "".join(
            f"\x1b[38;2;{a[0]};{a[1]};{a[2]};48;2;{b[0]};{b[1]};{b[2]}m\N{UPPER HALF BLOCK}"
            for a, b in zip(upper, lower, strict=True)
        )
        + "\x1b[0m"
        for upper, lower in zip(small[::2].tolist(), small[1::2].tolist(), strict=True)
    )
