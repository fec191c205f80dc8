"""Datasets of every kind become buffers; what does not fit is one line, and begins nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from envs.kinds import registered
from envs.test_scripted import Ruled
from gymnasium import spaces
from training.tiny import Tiny

from dqn_fast import PrioritizedReplayBuffer, PriorityIndex, ReplayBuffer
from dqn_fast.datasets import to_minari
from dqn_fast.envs import Environments, SerialEnvironments
from dqn_fast.training import TrainConfig, UsageError, train
from dqn_fast.training.multi_seed import train_seeds
from dqn_fast.training.parts.data import build_data
from dqn_fast.training.parts.replay import build_batch_source

CONFIG = TrainConfig("Ruled-v0", objective="bc", offline="log.dqn", hidden_sizes=(4,), n_step=1, gamma=0.5)


@pytest.fixture(autouse=True)
def ruled() -> Iterator[None]:
    with registered(Ruled, Tiny):
        yield


def environments() -> Environments:
    return SerialEnvironments([Tiny()], seed=0)


def log(
    kind: type[ReplayBuffer] = ReplayBuffer, lengths: Sequence[int] = (2, 3, 4), **options: Any
) -> ReplayBuffer:
    """Return episodes of these numbers of steps from place 0 on, each step worth more than the one before."""
    buffer = kind(100, Tiny.observation_space, Tiny.action_space, seed=0, **options)
    for length in lengths:
        for place in range(length):
            at, after = np.full(1, place, np.float32), np.full(1, place + 1, np.float32)
            buffer.add(at, 1, place + 1, after, place + 1 == length, new_segment=place == 0)
    return buffer


def same(one: ReplayBuffer, other: ReplayBuffer) -> None:
    for n_step in (1, 10):
        here, there = (buffer.transitions(n_step=n_step, gamma=0.5) for buffer in (one, other))
        for name in ("obs", "action", "reward", "next_obs", "terminated", "truncated", "discount"):
            np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


@pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])
def test_a_saved_buffer_is_taken_as_it_is(tmp_path: Path, kind: type[ReplayBuffer]) -> None:
    log(kind).save(tmp_path / "log.dqn")
    prioritized = kind is PrioritizedReplayBuffer
    config = replace(CONFIG, offline=str(tmp_path / "log.dqn"), prioritized=prioritized)
    buffer = build_data("offline", config, environments())
    same(buffer, log(kind))
    # Its horizon is that of the configuration, and its draws those of the run's seed.
    for objective, returns in (("td", {1.0, 2.0, 3.0, 4.0}), ("mc", {1 + 2 / 2 + 3 / 4, 4.0})):
        source = build_batch_source(replace(config, objective=objective), buffer)
        found = {reward for batch in source.batches(1, 3) for reward in batch.reward.tolist()}
        assert returns <= found
    draws = [
        build_data("offline", replace(config, seed=seed), environments()).sample(50) for seed in (0, 0, 1)
    ]
    assert (draws[0].indices == draws[1].indices).all()
    assert (draws[0].indices != draws[2].indices).any()


@pytest.mark.filterwarnings("ignore::UserWarning:minari")  # about missing metadata
@pytest.mark.parametrize("clip_rewards", [False, True])
def test_a_minari_dataset_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip_rewards: bool
) -> None:
    pytest.importorskip("minari")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    to_minari(log(), "tiny/log-v0", observation_space=Tiny.observation_space, action_space=Tiny.action_space)
    config = replace(CONFIG, offline="tiny/log-v0", clip_rewards=clip_rewards, capacity=2)
    buffer = build_data("offline", config, environments())
    assert len(buffer) == buffer.capacity == 9
    if clip_rewards:
        assert set(buffer.transitions(n_step=1).reward) == {1.0}
    else:
        same(buffer, log())


def test_the_environments_own_policy_plays() -> None:
    config = replace(CONFIG, offline="scripted", capacity=300)
    buffer = build_data("offline", config, environments())
    found = buffer.transitions(n_step=1)
    assert len(buffer) == 300
    assert 0.7 < found.action.mean() < 0.9
    same(buffer, build_data("offline", config, environments()))
    other = build_data("offline", replace(config, seed=1), environments()).transitions(n_step=1)
    assert (other.action != found.action).any()


def _save_index(path: Path) -> None:
    PriorityIndex(10).save(path)


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (lambda path: None, {}, r"\[Errno 2\] No such file or directory"),
        (lambda path: path.write_bytes(b"x" * 99), {}, ".*saved buffer: got "),
        (_save_index, {}, ".*got a PriorityIndex, expected a R"),
        (
            lambda path: log().save(path),
            {"prioritized": True},
            "prioritized: got a uniform buffer, expected --no-prioritized",
        ),
        (
            lambda path: log(PrioritizedReplayBuffer).save(path),
            {},
            "prioritized: got a prioritised buffer, expected --prior",
        ),
        (
            lambda path: log().save(path),
            {"clip_rewards": True},
            r"reward: got 2.0, expected -1.0 to 1",
        ),
        (
            lambda path: log().save(path),
            {"env_id": "CartPole-v1"},
            r"obs: got shape \(1,\) and dtype float32, e",
        ),
        (
            lambda path: log().save(path),
            {"offline": "scripted", "env_id": "Tiny-v0"},
            "scripted_action: got none",
        ),
        (lambda path: log().save(path), {"offline": "tiny/none-v0"}, "Dataset tiny/none-v0 not found"),
    ],
)
def test_what_cannot_be_learned_from_is_one_line_and_begins_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, settings: dict[str, Any], message: str
) -> None:
    pytest.importorskip("minari")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    make(tmp_path / "log.dqn")
    config = replace(CONFIG, **{"offline": str(tmp_path / "log.dqn"), **settings})
    line = f"offline: got {config.offline}, expected a dataset for {config.env_id}: "
    for begin in (train, lambda *arguments: train_seeds(arguments[0], range(2), arguments[1], jobs=1)):
        with pytest.raises(UsageError, match=f"^{line}{message}") as caught:
            begin(config, tmp_path / "run")
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "run").exists()


def test_states_of_another_network_are_not_begun_with(tmp_path: Path) -> None:
    buffer = log(extra_fields={"state_h": ((2,), np.float32)}, lengths=())
    buffer.add([0.0], 1, 1.0, [1.0], False, state_h=[0.5, 0.5])
    buffer.save(tmp_path / "log.dqn")
    config = replace(CONFIG, offline=str(tmp_path / "log.dqn"))
    assert len(build_data("offline", config, environments())) == 1
    with pytest.raises(UsageError, match="extra: got state_h, states of another network, expected none"):
        build_data("offline", replace(config, network="lstm"), environments())


def test_spaces_that_are_no_spaces_of_the_log_are_refused(tmp_path: Path) -> None:
    buffer = ReplayBuffer(10, spaces.Box(0, 5, (1,)), spaces.Discrete(9))
    buffer.add([1.0], 8, 0.0, [2.0], True)
    buffer.save(tmp_path / "log.dqn")
    with pytest.raises(UsageError, match="action: got 8, expected 0 to 1"):
        build_data("offline", replace(CONFIG, offline=str(tmp_path / "log.dqn")), environments())
