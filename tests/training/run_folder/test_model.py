"""A model is loaded as it was saved; one that does not fit is one line."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dqn_fast.envs import make_env
from dqn_fast.training import TrainConfig, UsageError
from dqn_fast.training.parts.networks import build_q_net
from dqn_fast.training.run_folder.model import load_config, load_model, save_config, save_model

CONFIG = TrainConfig("CartPole-v1", seed=3, hidden_sizes=(8,), learning_rate=0.1 + 0.2)


def test_round_trip(tmp_path: Path) -> None:
    env = make_env("CartPole-v1")
    q_net = build_q_net(CONFIG, env.observation_space, env.action_space)
    with torch.no_grad():
        next(q_net.parameters()).mul_(1.5)
    save_config(tmp_path, CONFIG)
    save_model(tmp_path, q_net)
    assert load_config(tmp_path) == CONFIG
    for loaded in (load_model(tmp_path), load_model(tmp_path, CONFIG), load_model(tmp_path, CONFIG, env)):
        for one, two in zip(q_net.parameters(), loaded.parameters(), strict=True):
            assert torch.equal(one, two)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds no run: cannot read config.json (No such file or directory)"
    )


def test_a_group_is_no_run_but_holds_some(tmp_path: Path) -> None:
    (tmp_path / "seed-3").mkdir()
    save_config(tmp_path / "seed-3", CONFIG)
    with pytest.raises(UsageError, match=r"holds no run: cannot read .*; .*/seed-3 does$"):
        load_config(tmp_path)


def test_a_setting_of_a_newer_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"env_id": "X", "warp": 9}')
    line = r"config.json: got the settings warp, expected those of dqn_fast \S+; a newer one may have written"
    with pytest.raises(UsageError, match=line):
        load_config(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_configuration(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UsageError, match=r"config.json is not a configuration of this version: "):
        load_config(tmp_path)


def test_a_configuration_out_of_range(tmp_path: Path) -> None:
    save_config(tmp_path, CONFIG)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"tau": 0.005', '"tau": 7'))
    with pytest.raises(UsageError, match=r"config.json: tau: got 7, expected above 0 and at most 1$"):
        load_config(tmp_path)


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r" has no model yet: cannot read model.pt \(No such file"):
        load_model(tmp_path, CONFIG, make_env("CartPole-v1"))


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("executed"),)


def test_infinity_is_written_as_json_has_it_and_read_again(tmp_path: Path) -> None:
    config = replace(CONFIG, max_grad_norm=math.inf)
    save_config(tmp_path, config)
    text = (tmp_path / "config.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["max_grad_norm"] == "inf"
    assert load_config(tmp_path) == config
    (tmp_path / "config.json").write_text(text.replace('"inf"', "Infinity"))  # as it was written before
    assert load_config(tmp_path) == config


@pytest.mark.parametrize("field", fields(CONFIG), ids=lambda field: field.name)
def test_a_field_of_another_type_is_one_line(tmp_path: Path, field: Any) -> None:
    save_config(tmp_path, CONFIG)
    path = tmp_path / "config.json"
    content = json.loads(path.read_text())
    nothing = {"hidden_sizes": [], "ignore_observation": [], "ratings": [], "env_kwargs": {}}
    is_text = isinstance(content[field.name], str) or field.name in ("offline", "demonstrations")
    for value in (5 if is_text else "x", [], {}):
        path.write_text(json.dumps({**content, field.name: value}))
        if value == nothing.get(field.name):
            continue  # nothing of it
        with pytest.raises(UsageError, match=rf"^{path}( is not a configuration.*)?: .*") as caught:
            load_config(tmp_path)
        assert "\n" not in str(caught.value)
        assert field.name in str(caught.value)


@pytest.mark.parametrize("content", ["text", "pickle", "other shape", "nothing", "a list"])
def test_a_model_that_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.chdir(tmp_path)
    env = make_env("CartPole-v1")
    if content == "other shape":
        other = TrainConfig("CartPole-v1", hidden_sizes=(9,))
        save_model(tmp_path, build_q_net(other, env.observation_space, env.action_space))
    elif content == "a list":
        torch.save([1.0], tmp_path / "model.pt")
    else:
        data = {"text": b"text", "nothing": b"", "pickle": pickle.dumps(Malicious())}[content]
        (tmp_path / "model.pt").write_bytes(data)
    with pytest.raises(
        UsageError, match=r"model.pt( does not fit the run|: got weights whose body.0.weight is )"
    ) as caught:
        load_model(tmp_path, CONFIG, env)
    assert "\n" not in str(caught.value)
    assert not Path("executed").exists()
