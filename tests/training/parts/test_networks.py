"""What `network` names: a network of the package, or a class of a user's own through a whole run."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import torch
from gymnasium import spaces
from torch.nn.utils import parameters_to_vector
from training.short import short
from training.stopping import numbers

from dqn_fast.training import MetricsRow, TrainConfig, UsageError, resume, train
from dqn_fast.training.parts.networks import build_q_net

BOX, ACTIONS = spaces.Box(-1, 1, (4,)), spaces.Discrete(2)
MINE = """
import torch
from torch import nn

class MyNet(nn.Sequential):
    def __init__(self, observation_space, action_space, generator):
        inputs, outputs = observation_space.shape[0], int(action_space.n)
        super().__init__(nn.Linear(inputs, 16), nn.Dropout(0.1), nn.Tanh(), nn.Linear(16, outputs))
        self.seed = generator.initial_seed()

class Flat(MyNet):
    def forward(self, obs):
        return super().forward(obs).sum(1)

class Broken(MyNet):
    def forward(self, obs):
        return super().forward(obs[:, :2])

def argumentless():
    return None

number = 5
"""


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "unreadable.py").write_text("1 +")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)


def test_the_seed_gives_the_weights_of_ones_own_too() -> None:
    def q_net(seed: int) -> torch.Tensor:
        net = build_q_net(TrainConfig("E", seed=seed, network="mine:MyNet"), BOX, ACTIONS)
        return parameters_to_vector(net.parameters())

    before = torch.get_rng_state()
    first = q_net(3)
    torch.rand(5)
    assert torch.equal(q_net(3), first)
    assert not torch.equal(q_net(4), first)
    torch.set_rng_state(before)
    q_net(3)
    assert torch.equal(torch.get_rng_state(), before), "the rest of a run does not depend on it"


def test_a_run_with_ones_own_goes_on_exactly(tmp_path: Path) -> None:
    """Its dropout draws from PyTorch's generator, which a checkpoint holds."""
    config = short("CartPole-v1", 300, network="mine:MyNet", log_period=50)
    whole = train(config, tmp_path / "whole")
    train(config, tmp_path / "parts", observers=[press_ctrl_c])
    assert resume(tmp_path / "parts").result.steps == 300
    assert numbers(tmp_path / "parts") == numbers(tmp_path / "whole")
    assert whole.evaluation is not None


def press_ctrl_c(row: MetricsRow, agent: object) -> None:
    if row.step == 150:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "lstmm",
            r"network: got 'lstmm', expected one of feedforward.*, or a class of yours as module:Class",
        ),
        (
            "nowhere:Net",
            r"network: got 'nowhere:Net', expected a name in a module: No module named 'nowhere'",
        ),
        ("mine:Net", r"network: got 'mine:Net', expected a name in a module: module 'mine' has no .*"),
        ("mine:", r"network: got 'mine:', expected module:name"),
        ("mine:number", r"network: got 'mine:number', expected a class or a function"),
        ("mine:Flat", r"mine:Flat: outputs: got torch.float32 \(2,\) for 2 observations, expected .*"),
        ("mine:Broken", r"network: mine:Broken raised RuntimeError: mat1 .* \(.*mine.py, line 17\)"),
        ("mine:argumentless", r"network: mine:argumentless raised TypeError: argumentless\(\) takes 0 .*"),
        ("unreadable:X", r"network: unreadable:X raised SyntaxError: invalid syntax .*"),
    ],
)
def test_others_are_one_line_and_begin_nothing(tmp_path: Path, name: str, line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}$"):
        train(short("CartPole-v1", 300, network=name), tmp_path / "run")
    assert not (tmp_path / "run").exists()
