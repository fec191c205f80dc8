"""Writes video.mp4: episodes of the trained agent, as the environment renders them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from dqn_fast.agent import Policy
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.play import Episode, greedy_policy, play
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.run_folder.files import atomic_write
from dqn_fast.training.run_folder.layout import VIDEO
from dqn_fast.training.run_folder.model import load_model

_FPS = 15.0  # for environments without a rate, such as grid worlds
_FPS_INSTEAD = 30.0  # for environments whose rate makes no sense
_MOST_FPS = 1_000
_SMALL = 320  # pixels: lower frames are enlarged by an integer factor, to about this height


class Video(NamedTuple):
    """A video file.

    Attributes:
        path: of the file.
        returns: undiscounted return of each episode; for the last one, up to the end of the video.
        frames: number of pictures: one per environment step, and one per reset.
        complete: False if the last episode was longer than the video.
    """

    path: Path
    returns: list[float]
    frames: int
    complete: bool

    def __str__(self) -> str:
        returns = ", ".join(f"{one:.1f}" for one in self.returns)
        cut = "" if self.complete else ", cut off there"
        return f"return {returns} (ε = 0), {self.frames} frames{cut}"


def record_video(
    folder: str | Path,
    config: TrainConfig,
    *,
    episodes: int = 1,
    fps: float | None = None,
    max_frames: int = 5_000,
    on_episode: Callable[[int], object] = lambda filmed: None,
) -> Video:
    """Film the greedy policy of a run: the first episodes of its evaluation, with the same seeds.

    Args:
        folder: of the run, with its model; the video replaces an older one there.
        config: of the run.
        episodes: number of episodes, at least 1.
        fps: frames per second, above 0; None is the rate of the environment.
        max_frames: the video ends here, since a policy may be stuck in an episode without a time limit.
        on_episode: called with the number of episodes that are filmed, at the beginning of each.

    Raises:
        SettingError: if an argument is outside its range.
        UsageError: if the environment cannot be rendered, or there is no encoder or no model.
    """
    folder = Path(folder)
    if episodes < 1:
        raise SettingError("episodes", episodes, "at least 1")
    if fps is not None and not 0 < fps <= _MOST_FPS:
        raise SettingError("fps", fps, f"above 0 and at most {_MOST_FPS}")
    if find_spec("av") is None:
        raise UsageError("video: got no package av, expected it: pip install 'dqn_fast[video]'")
    env = _drawing_env(config)
    try:
        policy, first = greedy_policy(load_model(folder, config, env)), config.seeds.evaluation
        film = _Film(env, policy, range(first, first + episodes), max_frames, on_episode)
        rate = fps or _named_rate(env)
        with atomic_write(folder / VIDEO) as path:
            _encode(path, film, rate)
    finally:
        env.close()
    return Video(folder / VIDEO, film.returns, film.frames, film.complete)


def _drawing_env(config: TrainConfig) -> gym.Env[Any, Any]:
    # Many environments draw with SDL, which looks for a screen although none is needed.
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    env = build_env(config)
    modes = env.metadata.get("render_modes") or []
    env.close()
    if "rgb_array" not in modes:
        raise UsageError(f"{config.env_id}: got the render modes {modes}, expected rgb_array among them")
    return build_env(config, render_mode="rgb_array")


def _named_rate(env: gym.Env[Any, Any]) -> float:
    """Return the frame rate of an environment; if it makes no sense, another one, with a warning."""
    named = env.metadata.get("render_fps")
    if named is None:
        return _FPS
    array = np.asarray(named)
    if array.size == 1 and array.dtype.kind in "iuf" and 0 < array.item() <= _MOST_FPS:
        return float(array.item())
    warnings.warn(
        f"metadata['render_fps']: got {' '.join(repr(named).split())}, expected a number above 0 and at most"
        f" {_MOST_FPS}; {_FPS_INSTEAD:g} is taken",
        stacklevel=2,
    )
    return _FPS_INSTEAD


class _Film:
    """Gives the frames of episodes while it plays them; its counts are final after the last frame."""

    def __init__(
        self,
        env: gym.Env[Any, Any],
        policy: Policy,
        seeds: range,
        max_frames: int,
        on_episode: Callable[[int], object],
    ) -> None:
        self.frames = 0
        self.complete = True
        self._env = env
        self._policy = policy
        self._seeds = seeds
        self._max_frames = max_frames
        self._on_episode = on_episode
        self._played: list[Episode] = []

    @property
    def returns(self) -> list[float]:
        """Undiscounted return of each episode so far."""
        return [episode.episode_return for episode in self._played]

    def __iter__(self) -> Iterator[np.ndarray]:
        for episode in play(self._policy, self._env, self._seeds):
            if episode.steps == 0:
                self._on_episode(len(self._played))
                self._played.append(episode)
            yield self._frame()
            if self.frames >= self._max_frames and not episode.ended:
                self.complete = False
                return

    def _frame(self) -> np.ndarray:
        self.frames += 1
        try:
            drawn = self._env.render()
        except Exception as error:  # the environment's own code, which may miss any package
            reason = " ".join(str(error).split())
            raise UsageError(f"the environment cannot draw itself: {reason}") from error
        return as_frame(drawn)


def as_frame(drawn: Any) -> np.ndarray:
    """Convert a rendered picture to a frame for the encoder.

    Args:
        drawn: (height, width, 3) uint8, or floating point from 0 to 1 (MinAtar).

    Returns:
        (height, width, 3) uint8 of even height and width; small pictures are enlarged.

    Raises:
        UsageError: if the picture has another shape or dtype.
    """
    frame = np.asarray(drawn)
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        raise UsageError(f"frame: got shape {frame.shape}, expected (height, width, 3)")
    if np.issubdtype(frame.dtype, np.floating):
        frame = np.rint(frame.clip(0, 1) * 255).astype(np.uint8)
    elif frame.dtype != np.uint8:
        raise UsageError(f"frame: got {frame.dtype}, expected uint8 or floating point")
    factor = max(round(_SMALL / frame.shape[0]), 1)
    frame = frame.repeat(factor, axis=0).repeat(factor, axis=1)
    # H.264 keeps colour at half the resolution, so sides are even: the last row or column is repeated.
    return np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")


def _encode(path: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    """Write H.264 in yuv420p, which every browser plays; all frames have the size of the first."""
    import av

    rate = max(Fraction(fps).limit_denominator(1_000), Fraction(1, 1_000))
    with av.open(str(path), "w") as container:
        try:
            stream = container.add_stream("libx264", rate=rate)
        except ValueError as error:  # PyAV's UnknownCodecError: built against an FFmpeg without it
            raise UsageError(f"the package av has no H.264 encoder ({error})") from error
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        for number, frame in enumerate(frames):
            if number == 0:
                stream.height, stream.width = frame.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
