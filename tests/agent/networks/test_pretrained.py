"""Pretrained bodies compute what transformers computes, and refuse in one line what they cannot read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bodies import KINDS, LONGEST, SIZE, WORDS, save_body
from torch import Tensor

from dqn_fast.agent.networks.pretrained import CausalBody, WholeTextReader, load_pretrained
from dqn_fast.errors import SettingError, UsageError

every_kind = pytest.mark.parametrize("kind", KINDS)


def load(folder: Path, kind: str = "gpt2", **options: Any) -> Any:
    return load_pretrained(save_body(folder, kind, **options).removeprefix("hf:"))


def causal(folder: Path, **options: Any) -> CausalBody:
    found = load(folder, **options)
    return CausalBody(found.net, found.config)


def some_tokens(rows: int, steps: int, seed: int = 0) -> Tensor:
    return torch.randint(WORDS, (rows, steps), generator=torch.Generator().manual_seed(seed))


@every_kind
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_two_forwards_of_one_batch_are_equal_bit_for_bit(kind: str, training: bool, tmp_path: Path) -> None:
    """The saved models have dropout."""
    assert "0.1" in (save_body(tmp_path, kind), (tmp_path / "config.json").read_text())[1]
    found = load_pretrained(str(tmp_path))
    reader = WholeTextReader(found.net, SIZE, reads_first=found.kind.reads_first).train(training)
    tokens, length = some_tokens(4, 7), torch.tensor([7, 1, 3, 5])
    first = reader(tokens, length)
    assert torch.equal(first, reader(tokens, length))
    assert first.shape == (4, SIZE)


@every_kind
@torch.no_grad()
def test_padding_changes_nothing(kind: str, tmp_path: Path) -> None:
    found = load(tmp_path, kind)
    reader = WholeTextReader(found.net, SIZE, reads_first=found.kind.reads_first)
    tokens, length = some_tokens(4, 7), torch.tensor([7, 1, 3, 5])
    batch = reader(tokens, length)
    other = tokens.clone()
    other[torch.arange(7) >= length[:, None]] = 1
    assert torch.equal(batch, reader(other, length))
    for row, one in enumerate(length.tolist()):  # the slow twin: each text alone, without any padding
        hidden = found.net(tokens[row : row + 1, :one]).last_hidden_state[0]
        expected = hidden[0] if kind == "bert" else hidden[-1]
        torch.testing.assert_close(batch[row], expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_token_by_token_is_one_pass(tmp_path: Path) -> None:
    body, tokens = causal(tmp_path), some_tokens(3, 9)
    whole, after = body(tokens)
    state, steps = body.start(3), []
    for column in range(9):
        features, state = body(tokens[:, column : column + 1], state)
        steps.append(features)
    torch.testing.assert_close(torch.cat(steps, 1), whole, rtol=1e-5, atol=1e-5)
    assert after.keys() == state.keys()
    for name, part in after.items():
        torch.testing.assert_close(part, state[name], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_vectors_stand_for_tokens(tmp_path: Path) -> None:
    """In one pass, and step by step beside rows of other lengths."""
    body, tokens, lengths = causal(tmp_path), some_tokens(3, 9), torch.tensor([4, 1, 5])
    vectors = body.net.get_input_embeddings()(tokens)  # type: ignore[operator]
    torch.testing.assert_close(body(vectors)[0], body(tokens)[0])
    states = [body.advance(one[:, :5], lengths) for one in (vectors, tokens)]
    (found, _), (expected, _) = (
        body(one[:, 5:], state) for one, state in zip((vectors, tokens), states, strict=True)
    )
    torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_texts_of_different_lengths_go_on_side_by_side(tmp_path: Path) -> None:
    body, begins, lengths, goes_on = (
        causal(tmp_path),
        some_tokens(3, 5),
        torch.tensor([5, 0, 2]),
        some_tokens(3, 4, 1),
    )
    state = body.advance(begins, lengths)
    features, state = body(goes_on, state)
    for row, length in enumerate(lengths.tolist()):
        text = torch.cat([begins[row : row + 1, :length], goes_on[row : row + 1]], 1)
        torch.testing.assert_close(features[row], body(text)[0][0, length:], rtol=1e-5, atol=1e-5)
    state = body.forget(state, [0])
    again, state = body(goes_on[:, :2], state)
    torch.testing.assert_close(again[0], body(goes_on[:1, :2])[0][0], rtol=1e-5, atol=1e-5)
    assert state["count"].tolist() == [2, 6, 8]
    assert state["keys_0"].shape[2] == 8  # the longest text, not all that was ever read
    assert body.forget(state, [0, 1, 2])["keys_0"].shape[2] == 0


def test_a_text_longer_than_the_positions_is_refused(tmp_path: Path) -> None:
    body = causal(tmp_path)
    _, state = body(some_tokens(1, LONGEST))
    with pytest.raises(
        UsageError, match=f"^body: got a text of {LONGEST + 1} tokens, expected at most {LONGEST}"
    ):
        body(some_tokens(1, 1), state)


def test_frozen_bodies_are_loaded_once_until_their_files_change(tmp_path: Path) -> None:
    source = save_body(tmp_path).removeprefix("hf:")
    first = load_pretrained(source, frozen=True)
    assert load_pretrained(source, frozen=True).net is first.net
    assert load_pretrained(source).net is not first.net
    save_body(tmp_path, seed=1)
    assert load_pretrained(source, frozen=True).net is not first.net


def test_weights_are_float32_whatever_the_file_holds(tmp_path: Path) -> None:
    import transformers

    save_body(tmp_path)
    transformers.GPT2LMHeadModel.from_pretrained(tmp_path).half().save_pretrained(tmp_path)
    assert {one.dtype for one in load_pretrained(str(tmp_path)).net.parameters()} == {torch.float32}


def change(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def pickled(folder: Path) -> None:
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def without_a_layer(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if ".h.1." not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (
            lambda folder: change(folder, model_type="llama"),
            "of the kind llama, GPT2LMHeadModel, expected one of bert, gpt2, xlnet",
        ),
        (
            lambda folder: change(folder, architectures=["EvilModel"]),
            "of the kind gpt2, EvilModel, expected one of",
        ),
        (
            lambda folder: change(folder, model_type="bert", architectures=None, is_decoder=True),
            "of the kind bert, is_decoder,",
        ),
        (lambda folder: change(folder, n_embd=8), "in safetensors: "),
        (lambda folder: (folder / "config.json").unlink(), "in safetensors: "),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"none"), "in safetensors: "),
        (pickled, "in safetensors: "),
        (without_a_layer, "weights: got none for h.1.attn.c_attn.bias, "),
    ],
    ids=["kind", "class", "decoder", "sizes", "no config", "damaged", "pickled", "missing"],
)
def test_what_is_no_body_is_refused_in_one_line(damage: Any, complaint: str, tmp_path: Path) -> None:
    save_body(tmp_path)
    damage(tmp_path)
    with pytest.raises(SettingError) as error:
        load_pretrained(str(tmp_path))
    assert str(error.value).startswith(f"body: got hf:{tmp_path}")
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["nowhere/at/all", "no-such-owner/no-such-model"])
def test_a_body_that_is_nowhere(name: str) -> None:
    with pytest.raises(
        SettingError, match=f"^body: got hf:{name}, expected a folder, or a name on the hub, of a"
    ):
        load_pretrained(name)


def test_code_of_a_folder_is_never_run(tmp_path: Path) -> None:
    save_body(tmp_path)
    (tmp_path / "evil.py").write_text("raise SystemExit('run')\n")
    change(tmp_path, auto_map={"AutoModel": "evil.Model", "AutoConfig": "evil.Config"})
    assert load_pretrained(str(tmp_path)).kind.name == "gpt2"
