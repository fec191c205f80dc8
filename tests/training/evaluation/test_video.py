"""The video of a real run is decoded again; what cannot be recorded is one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.classic_control import CartPoleEnv
from training.short import short
from training.tiny import Tiny

from dqn_fast.training import UsageError, evaluate_run, train
from dqn_fast.training.evaluation.video import as_frame, record_video

av = pytest.importorskip("av")
pytest.importorskip("pygame")

CONFIG = short("CartPole-v1", 300)


class Drawn(Tiny):
    """Tiny, as a row of 5 places, in floating point as MinAtar's pictures."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def render(self) -> Any:
        picture = np.zeros((1, 5, 3))
        picture[0, min(self.place, 4)] = 1.0
        return picture


class NeverDrawn(Drawn):
    def render(self) -> Any:
        raise NameError("name 'sns' is not defined")


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    before = dict(gym.registry)
    gym.register("Tiny-v0", Tiny)
    gym.register("Drawn-v0", Drawn)
    gym.register("NeverDrawn-v0", NeverDrawn)
    yield
    gym.registry.clear()
    gym.registry.update(before)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video") / "run"
    train(CONFIG, folder)
    return folder


def decoded(path: Path) -> tuple[list[np.ndarray], Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, (stream.average_rate, stream.codec_context.pix_fmt)


def test_the_episodes_are_those_of_the_evaluation(run: Path) -> None:
    video = record_video(run, CONFIG, episodes=2)
    evaluation = evaluate_run(run)
    assert evaluation is not None
    assert video.returns == evaluation.returns
    # CartPole gives a reward of 1 for each step; the reset has a frame, too.
    assert video.frames == sum(video.returns) + 2
    assert video.complete
    assert str(video) == (
        f"return {video.returns[0]:.1f}, {video.returns[1]:.1f} (ε = 0), {video.frames} frames"
    )
    frames, (rate, pixels) = decoded(video.path)
    assert video.path == run / "video.mp4"
    assert len(frames) == video.frames
    assert {frame.shape for frame in frames} == {(400, 600, 3)}
    assert (rate, pixels) == (50, "yuv420p")
    assert (frames[0].astype(int) - frames[-1]).any()  # it moves
    assert frames[0].max() > 250


def test_a_film_ends_where_an_episode_does_not(run: Path) -> None:
    video = record_video(run, CONFIG, fps=12.5, max_frames=5)
    assert (video.frames, video.returns, video.complete) == (5, [4.0], False)
    assert str(video).endswith("5 frames, cut off there")
    frames, (rate, _) = decoded(video.path)
    assert (len(frames), rate) == (5, 12.5)
    assert not list(run.glob(".*"))


def test_small_pictures_are_enlarged(tmp_path: Path) -> None:
    config = replace(CONFIG, env_id="Drawn-v0")
    train(config, tmp_path)
    video = record_video(tmp_path, config)
    frames, (rate, _) = decoded(video.path)
    assert (frames[0].shape, rate) == ((320, 1600, 3), 15)
    place = frames[0].mean(axis=(0, 2)).reshape(5, 320).mean(axis=1).round()
    assert sorted(place) == pytest.approx([0, 0, 0, 0, 255], abs=3)


@pytest.mark.parametrize(
    ("named", "rate"),
    [(np.float32(12.5), 12.5), (np.int64(20), 20), (np.array([10]), 10), (1000, 1000), (None, 15)],
)
def test_a_rate_that_is_a_number_is_taken(
    run: Path, monkeypatch: pytest.MonkeyPatch, named: Any, rate: float
) -> None:
    monkeypatch.setitem(CartPoleEnv.metadata, "render_fps", named)
    assert decoded(record_video(run, CONFIG, max_frames=3).path)[1][0] == rate


@pytest.mark.parametrize("named", [-5, 0, np.inf, np.nan, "abc", "60", 1e9, True, np.zeros(2), 5j, object])
def test_any_other_rate_is_a_warning(run: Path, monkeypatch: pytest.MonkeyPatch, named: Any) -> None:
    monkeypatch.setitem(CartPoleEnv.metadata, "render_fps", named)
    with pytest.warns(UserWarning, match=r"^metadata\['render_fps'\]: got .*; 30 is taken$"):
        video = record_video(run, CONFIG, max_frames=3)
    assert decoded(video.path)[1][0] == 30


def test_the_slowest_rate(run: Path) -> None:
    assert record_video(run, CONFIG, fps=1e-9, max_frames=2).frames == 2


@pytest.mark.parametrize(
    ("shape", "expected"), [((10, 10), (320, 320)), ((210, 160), (420, 320)), ((401, 601), (402, 602))]
)
def test_frames_get_even_sides(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    frame = as_frame(np.full((*shape, 3), 7, np.uint8))
    assert (frame.shape, frame.dtype) == ((*expected, 3), np.uint8)
    assert (frame == 7).all()


@pytest.mark.parametrize(
    ("drawn", "line"),
    [
        (None, r"frame: got shape \(\), expected \(height, width, 3\)"),
        (np.zeros((4, 4), np.uint8), r"frame: got shape \(4, 4\), expected \(height, width, 3\)"),
        (np.zeros((4, 4, 3), np.int64), "frame: got int64, expected uint8 or floating point"),
    ],
)
def test_other_frames_are_refused(drawn: Any, line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}$"):
        as_frame(drawn)


@pytest.mark.parametrize(
    ("env_id", "line"),
    [
        ("Tiny-v0", r"Tiny-v0: got the render modes \[\], expected rgb_array among them"),
        ("NeverDrawn-v0", "the environment cannot draw itself: name 'sns' is not defined"),
    ],
)
def test_an_environment_that_cannot_be_drawn(tmp_path: Path, env_id: str, line: str) -> None:
    config = replace(CONFIG, env_id=env_id)
    train(config, tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=f"^{line}$"):
        record_video(tmp_path, config)
    assert sorted(tmp_path.iterdir()) == before


def test_without_an_encoder_there_is_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        UsageError, match=r"^video: got no package av, expected it: pip install 'dqn_fast\[video\]'$"
    ):
        record_video(run, CONFIG)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"episodes": 0}, "episodes: got 0, expected at least 1"),
        ({"fps": 0.0}, "fps: got 0.0, expected above 0 and at most 1000"),
    ],
)
def test_arguments_outside_their_range(run: Path, arguments: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}$"):
        record_video(run, CONFIG, **arguments)
