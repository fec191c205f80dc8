"""Runs on a device: which one, what it changes, and what is said if it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from agent.elsewhere import ELSEWHERE, Elsewhere
from gymnasium import spaces
from torch import nn
from training.short import short
from training.stopping import CONFIG, Interrupting, numbers, stopped

from dqn_fast.agent import CopyPolicy, hand_off, make_q_net
from dqn_fast.cli import main
from dqn_fast.errors import SettingError
from dqn_fast.training import TrainConfig, evaluate_run, load_config, load_model, resume, train
from dqn_fast.training.parts import device as device_module
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.device import Placement, find_device, placed, placement_of
from dqn_fast.training.parts.networks import build_q_net

CPU = torch.device("cpu")
ACTIONS = spaces.Discrete(2)
VECTOR, IMAGE = spaces.Box(-1, 1, (3,), np.float32), spaces.Box(0, 255, (4, 36, 36), np.uint8)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """Let cuda:0 be a device of the tests, and register an environment."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(
        device_module, "find_device", lambda name: ELSEWHERE if name.startswith("cuda") else find_device(name)
    )
    gym.register("Interrupting-v0", Interrupting)
    with Elsewhere() as mode:
        yield mode
    del gym.registry["Interrupting-v0"]


@pytest.mark.parametrize(
    ("name", "space", "gpus", "expected"),
    [
        ("auto", IMAGE, 0, "on cpu, since PyTorch finds no GPU"),
        ("auto", IMAGE, 2, "on cuda:0, since convolutions gain by it"),
        ("auto", VECTOR, 2, "on cpu, since small dense layers are fastest there"),
        ("cpu", IMAGE, 1, "on cpu"),
        ("cuda", VECTOR, 1, "on cuda:0"),
        ("cuda:1", VECTOR, 2, "on cuda:1"),
    ],
)
def test_the_place_and_why(
    monkeypatch: pytest.MonkeyPatch, name: str, space: spaces.Box, gpus: int, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    q_net = make_q_net(space, ACTIONS, (4,), torch.Generator())
    assert str(placement_of(TrainConfig("none", device=name), q_net)) == expected


def test_networks_that_remember_belong_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    config = TrainConfig("none", network="gpt", sequence_units=4)
    found = placement_of(config, build_q_net(config, VECTOR, ACTIONS))
    assert found == Placement(torch.device("cuda:0"), "networks that remember gain by it")


@pytest.mark.parametrize("name", ["cuda:1", "mps"])
def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(SettingError, match=rf"^device: got {name}, expected auto or .* here: cpu, cuda:0$"):
        find_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:9"])
def test_the_command_says_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    folder = tmp_path / "run"
    assert main(["train", "CartPole-v1", "--device", name, "--output", str(folder)]) == 2
    assert not folder.exists()
    error = capsys.readouterr().err
    assert error.startswith(f"dqn-fast: --device: got {name}, expected auto or one that PyTorch finds here: ")
    assert error.count("\n") == 1


class MakesTensorsOnTheCPU(nn.Module):
    def __init__(self, *_: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.layer(obs) + torch.ones(2)
        return outputs


def test_a_network_that_does_not_run_there(elsewhere: Elsewhere) -> None:
    config = TrainConfig("none", device="cuda", network=f"{__name__}:{MakesTensorsOnTheCPU.__name__}")
    q_net = build_q_net(replace(config, device="cpu"), VECTOR, ACTIONS)
    with pytest.raises(SettingError, match=r"^device: got meta, expected one that the network runs on: "):
        placed(config, q_net, VECTOR)


def test_too_little_memory_at_the_beginning(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nMore.")

    q_net = make_q_net(VECTOR, ACTIONS, (4,), torch.Generator())
    monkeypatch.setattr(q_net, "to", no_memory)
    with pytest.raises(SettingError, match=r"^device: got meta, expected .*: CUDA out of memory"):
        placed(TrainConfig("none", device="cuda"), q_net, VECTOR)


def stacked(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    return gym.wrappers.FrameStackObservation(env, 3)


SHORT = replace(CONFIG, device="cuda", total_steps=240, selection_period=110, checkpoint_period=100)
CHANGES: list[dict[str, Any]] = [
    {"prioritized": True, "n_step": 3, "num_envs": 2, "learn_period": 4},
    {
        "act_on": "device",
        "learn_period": 4,
        "frame_stack": 3,
        "prefetch": 3,
        "wrapper": f"{__name__}:stacked",
    },
    {"network": "lstm", "sequence_units": 8, "learn_period": 20, "batch_size": 4, "act_on": "cpu"},
    {"network": "lstm", "sequence_units": 8, "learn_period": 20, "batch_size": 4},
]


# Networks on that device have numbers here, of which PyTorch does not know.
@pytest.mark.filterwarnings("ignore:for .* copying from a non-meta parameter:UserWarning")
@pytest.mark.parametrize("changes", CHANGES)
def test_a_run_goes_on_there_as_if_it_had_never_stopped(
    elsewhere: Elsewhere, tmp_path: Path, changes: dict[str, Any]
) -> None:
    config = replace(SHORT, **changes)
    whole = train(config, tmp_path / "whole")
    stopped(config, tmp_path / "parts", 170)
    resumed = resume(tmp_path / "parts")
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    assert resumed.evaluation == whole.evaluation
    assert elsewhere.fetched
    # The model is one of the CPU, wherever it was trained.
    config = load_config(tmp_path / "parts", device="cpu")
    there, here = load_model(tmp_path / "parts"), load_model(tmp_path / "parts", config)
    assert next(there.parameters()).device == ELSEWHERE
    assert next(here.parameters()).device == CPU
    assert evaluate_run(tmp_path / "parts", device="cpu") == evaluate_run(tmp_path / "parts")


@pytest.mark.parametrize(
    ("settings", "device", "copies"),
    [
        ({}, "cuda", True),
        ({}, "cpu", False),
        ({"act_on": "cpu"}, "cpu", False),
        ({"act_on": "device"}, "cuda", False),
        ({"num_envs": 100}, "cuda", True),
        ({"num_envs": 1000}, "cuda", False),
        ({"num_envs": 1000, "act_on": "cpu"}, "cuda", True),
        ({"network": "lstm", "sequence_units": 8}, "cuda", False),
        ({"network": "lstm", "sequence_units": 8, "act_on": "cpu"}, "cuda", True),
    ],
)
def test_where_a_network_on_a_gpu_acts(
    elsewhere: Elsewhere, settings: dict[str, Any], device: str, copies: bool
) -> None:
    config = TrainConfig("none", device=device, hidden_sizes=(64, 64), **settings)
    assert isinstance(build_agent(config, VECTOR, ACTIONS).policy, CopyPolicy) is copies


def test_a_large_image_is_looked_at_where_its_network_is(elsewhere: Elsewhere) -> None:
    config = TrainConfig("none", device="cuda", hidden_sizes=(8,))
    large, small = spaces.Box(0, 255, (4, 84, 84), np.uint8), spaces.Box(0, 1, (10, 10, 4), bool)
    assert not isinstance(build_agent(config, large, ACTIONS).policy, CopyPolicy)
    assert isinstance(build_agent(config, small, ACTIONS).policy, CopyPolicy)


def test_a_checkpoint_moves_between_devices(
    elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped(replace(SHORT, learn_period=4), tmp_path, 170)
    assert main(["resume", str(tmp_path), "--device", "cpu", "--no-video"]) == 0
    assert "going on on cpu, and no more on meta" in capsys.readouterr().err
    assert load_config(tmp_path).device == "cpu"


@pytest.mark.parametrize("where", [(Interrupting, "reset"), (hand_off, "handed")], ids=["acts", "learns"])
def test_a_run_without_memory_breaks_in_one_line(
    elsewhere: Elsewhere,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: tuple[Any, str],
) -> None:
    config = short("Interrupting-v0", 300, device="cuda", checkpoint_period=100)
    works = getattr(*where)

    def no_memory(*given: Any, **options: Any) -> Any:
        if Interrupting.steps_made > 220:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nMore.")
        return works(*given, **options)

    Interrupting.steps_made = 0
    monkeypatch.setattr(*where, no_memory)
    settings = [
        "--learning-starts",
        "100",
        "--hidden-sizes",
        "8",
        "--selection-period",
        "0",
        "--device",
        "cuda",
    ]
    folder = tmp_path / "run"
    command = ["train", config.env_id, *settings, "--total-steps", "300", "--checkpoint-period", "100"]
    assert main([*command, "--output", str(folder)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("dqn-fast: Interrupting-v0: device: got too little memory: CUDA out of memory.")
    assert (folder / "model.pt").exists()
    assert list(folder.glob("checkpoint-*"))


@pytest.mark.parametrize(
    "words", ["CUDA out of memory. Tried to allocate 9 GiB.", "MPS backend out of memory."]
)
def test_an_evaluation_without_memory_ends_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    def no_memory(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"{words}\nMore.")

    monkeypatch.setattr("dqn_fast.training.run.evaluate_run", no_memory)
    assert main(["evaluate", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"dqn-fast: device: got too little memory: {words}\n"


def test_another_error_of_the_program_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("dqn_fast.training.run.evaluate_run", fails)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["evaluate", str(tmp_path)])
