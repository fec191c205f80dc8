"""The configuration: its defaults, and one line for each value that is out of range."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest

from dqn_fast.training import TrainConfig, UsageError
from dqn_fast.training.config import PARTS
from dqn_fast.training.seeds import derive_seeds
from dqn_fast.training.settings.rules import rules_of

BAD = [
    ("env_id", "", "a name such as CartPole-v1"),
    ("env_id", 5, "a name such as CartPole-v1"),
    ("env_kwargs", 3, "names with values that JSON can hold"),
    ("wrapper", 5, "a function of yours as module:name"),
    ("ignore_observation", "mission", "keys of a dict observation"),
    ("embedding", -1, "at least 0"),
    ("body", "bert", "hf:FOLDER or hf:NAME of a BERT, GPT-2 or XLNet"),
    ("actors", -1, "at least 0"),
    ("shards", 0, "at least 1"),
    ("cluster", "", "local, auto or HOST:PORT"),
    ("chunk_length", 0, "at least 1 environment step"),
    ("publish_period", 0, "at least 1 learner update"),
    ("rate_tolerance", -1, "at least 0 environment step"),
    ("from_folder", 5, "a folder of a run"),
    ("network", "", "a name, or a class of yours as module:Class"),
    ("network", 5, "a name, or a class of yours as module:Class"),
    ("seed", -1, "at least 0 and below 2**63"),
    ("seed", 2**63, "at least 0 and below 2**63"),
    ("total_steps", 0, "at least 1 environment step"),
    ("num_envs", 0, "at least 1"),
    ("hidden_sizes", (64, 0), "sizes of at least 1"),
    ("sequence_units", 0, "at least 1"),
    ("sequence_length", -1, "at least 0 environment step"),
    ("burn_in", -1, "at least 0 environment step"),
    ("priority_mix", 1.5, "from 0 to 1"),
    ("gpt_layers", 0, "at least 1"),
    ("gpt_heads", 0, "at least 1"),
    ("gpt_span", 0, "at least 1 environment step"),
    ("learning_rate", 0.0, "above 0 and finite"),
    ("learning_rate", math.nan, "above 0 and finite"),
    ("learning_rate_end", -0.1, "at least 0 and finite"),
    ("adam_eps", 0.0, "above 0 and finite"),
    ("rmsprop_eps", math.inf, "above 0 and finite"),
    ("rmsprop_momentum", 1.0, "at least 0 and below 1"),
    ("batch_size", 0, "at least 1"),
    ("learn_period", 0, "at least 1 environment step"),
    ("learn_updates", 0, "at least 1 learner update"),
    ("learning_starts", 0, "at least 1 environment step"),
    ("max_grad_norm", 0.0, "above 0, or inf"),
    ("gamma", 1.01, "from 0 to 1"),
    ("n_step", 0, "at least 1 environment step"),
    ("huber_delta", math.inf, "above 0 and finite"),
    ("iql_expectile", 1.0, "above 0 and below 1"),
    ("demonstrations", 5, "a Minari id, a FILE.dqn, or scripted"),
    ("demonstration_share", 0.0, "above 0 and below 1"),
    ("ratings", ("",), "folders of rated runs, or files of ratings"),
    ("rating_share", 1.0, "above 0 and below 1"),
    ("rating_scale", 0.0, "above 0 and finite"),
    ("rating_reward", "more", "one of added, alone"),
    ("iql_beta", -1.0, "at least 0 and finite"),
    ("cql_alpha", math.inf, "at least 0 and finite"),
    ("soft_beta", 0.0, "above 0 and finite"),
    ("tau", 0.0, "above 0 and at most 1"),
    ("target_update_period", 0, "at least 1 learner update"),
    ("forms", 0, "at least 1"),
    ("pretrain", 1, "the name of a preset"),
    ("epsilon_begin", 1.5, "from 0 to 1"),
    ("epsilon_end", -0.5, "from 0 to 1"),
    ("epsilon_decay", 2.0, "from 0 to 1"),
    ("epsilon_spread", -0.1, "at least 0 and finite"),
    ("epsilon_repeat", 1.0, "0, or above 1 and finite"),
    ("capacity", 0, "at least 1"),
    ("reserve", -0.5, "at least 0 and finite"),
    ("frame_stack", 0, "at least 1 frame"),
    ("alpha", -0.1, "at least 0 and finite"),
    ("offline", "", "a Minari id, a FILE.dqn, or scripted"),
    ("beta_begin", -0.1, "from 0 to 1"),
    ("beta_end", 1.1, "from 0 to 1"),
    ("priority_eps", -1e-6, "at least 0 and finite"),
    ("selection_period", -1, "at least 1 environment step, or 0 for none"),
    ("selection_episodes", 0, "at least 1"),
    ("eval_episodes", 0, "at least 1"),
    ("checkpoint_period", -1, "at least 1 environment step, or 0 for none"),
    ("log_period", 0, "at least 1 environment step"),
    ("scripted_episodes", -1, "at least 0 episode"),
    ("return_window", 0, "at least 1 episode"),
    ("device", "gpu", "auto, cpu, cuda, cuda:1 (and so on) or mps"),
    ("device", "cuda:", "auto, cpu, cuda, cuda:1 (and so on) or mps"),
    ("device", 0, "auto, cpu, cuda, cuda:1 (and so on) or mps"),
    ("prefetch", -1, "at least 0"),
    ("prefetch", 1.5, "at least 0"),
    ("threads", 0, "from 1 to 4096"),
    ("threads", 10**12, "from 1 to 4096"),
    ("hidden_sizes", 64, "sizes of at least 1"),
    ("hidden_sizes", (64.0,), "sizes of at least 1"),
    ("hidden_sizes", (True,), "sizes of at least 1"),
    ("learning_rate", "x", "above 0 and finite"),
    ("gamma", True, "from 0 to 1"),
]


@pytest.mark.parametrize(("name", "value", "expected"), BAD)
def test_a_bad_value_is_named(name: str, value: Any, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainConfig(**{"env_id": "CartPole-v1", name: value})
    assert str(caught.value) == f"{name}: got {value!r}, expected {expected}"


MISSPELT = [
    ("body_weights", "free", "frozen, shared, trained"),
    ("vectorization", "Sync", "sync, async, native"),
    ("convolutions", "none", "by-size, nature, data-efficient, minatar"),
    ("optimizer", "RMSProp", "adam, rmsprop"),
    ("loss", "Huber", "huber, mse"),
    ("objective", "IQL", "td, bc, mc, iql, cql, soft"),
    ("target", "polyak", "soft, hard"),
    ("epsilon_schedule", "Linear", "linear, exponential"),
    ("act_on", "gpu", "auto, cpu, device"),
]


@pytest.mark.parametrize(("name", "value", "expected"), MISSPELT)
def test_a_choice_that_is_none_is_named(name: str, value: str, expected: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: got {value!r}, expected one of {expected}$"):
        TrainConfig(**{"env_id": "CartPole-v1", name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"), [("capacity", 1e5), ("batch_size", 32.5), ("seed", "1"), ("n_step", True)]
)
def test_numbers_of_things_are_integers(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"^{name}: got {value!r}, expected an integer$"):
        TrainConfig(**{"env_id": "CartPole-v1", name: value})


@pytest.mark.parametrize("value", [1, "no", None])
def test_a_switch_is_on_or_off(value: Any) -> None:
    with pytest.raises(UsageError, match=f"^double: got {value!r}, expected True or False$"):
        TrainConfig("CartPole-v1", double=value)


def test_numbers_of_numpy_are_numbers() -> None:
    given: dict[str, Any] = {
        "seed": np.int64(5),
        "hidden_sizes": [np.int32(8), 4],
        "learning_rate": np.float32(0.5),
        "double": np.bool_(True),
    }
    config = TrainConfig("CartPole-v1", **given)
    assert config == TrainConfig("CartPole-v1", seed=5, hidden_sizes=(8, 4), learning_rate=0.5)
    assert json.loads(json.dumps(dataclasses.asdict(config)))["double"] is True


def test_every_number_has_a_rule() -> None:
    rules = rules_of(TrainConfig)
    assert all(rules.values())
    switches = {
        "action_mask",
        "bfloat16",
        "clip_rewards",
        "cuda_graph",
        "double",
        "dueling",
        "fire_on_reset",
        "keep_checkpoint",
        "prioritized",
        "rescale",
    }
    switches |= {"save_memory", "stored_state", "value_rescaling"}
    assert set(rules) - switches == {name for name, _, _ in [*BAD, *MISSPELT]}


def test_the_parts_are_the_whole() -> None:
    names = [field.name for part in PARTS.values() for field in dataclasses.fields(part)]
    assert names == [field.name for field in dataclasses.fields(TrainConfig)]
    assert len(set(names)) == len(names)


def test_values_that_do_not_go_together() -> None:
    with pytest.raises(
        UsageError, match=r"^total_steps: got 900, expected more than learning_starts \(1000\)$"
    ):
        TrainConfig("CartPole-v1", total_steps=900, learning_starts=1000)
    with pytest.raises(
        UsageError, match=r"^capacity: got 7, expected at least one transition for each of 8 env"
    ):
        TrainConfig("CartPole-v1", capacity=7, num_envs=8)
    with pytest.raises(
        UsageError, match=r"^epsilon_schedule: got 'exponential', expected epsilon_begin and eps"
    ):
        TrainConfig("CartPole-v1", epsilon_schedule="exponential", epsilon_end=0.0)


def test_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig("CartPole-v1").seed = 1  # type: ignore[misc]


def test_the_parts_seeds_follow_from_the_seed() -> None:
    config = TrainConfig("E", seed=7)
    assert config.seeds == derive_seeds(7)
    assert dataclasses.replace(config, seed=8).seeds == derive_seeds(8)
    assert config == TrainConfig("E", seed=7)  # whether they were asked for or not
