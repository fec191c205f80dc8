"""Vectors of words are means of those of their tokens, and a tokenizer that does not fit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from bodies import WORDS, save_body, save_tokenizer
from torch import Tensor

from dqn_fast.agent.networks.pretrained import load_pretrained, word_vectors
from dqn_fast.errors import SettingError

TEXTS = ["a bee sees a sea", "bees see seas"]
SENTENCE = ["", "bee", "seas", "a", "ab"]


def vectors(folder: Path, words: list[str] | None = None, joint: str = " ") -> Tensor:
    source = str(folder)
    return word_vectors(source, load_pretrained(source), words or SENTENCE, joint)


@pytest.mark.parametrize(("end", "joint"), [(0, " "), (None, " "), (3, ""), (50_256, " ")])
def test_a_word_is_the_mean_of_its_tokens(end: int | None, joint: str, tmp_path: Path) -> None:
    save_body(tmp_path, eos_token_id=end)
    save_tokenizer(tmp_path, TEXTS)
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    table: Any = load_pretrained(str(tmp_path)).net.get_input_embeddings()
    found = vectors(tmp_path, joint=joint)
    assert found.shape == (5, 16)
    several = 0
    for word, vector in list(zip(SENTENCE, found, strict=True))[1:]:
        tokens = tokenizer.encode(joint + word, add_special_tokens=False)
        assert tokenizer.decode(tokens) == joint + word
        several += len(tokens) > 1
        torch.testing.assert_close(vector, sum(table.weight[one] for one in tokens) / len(tokens))
    assert several
    if end in (None, 50_256):
        assert found[0].isnan().all()
    else:
        torch.testing.assert_close(found[0], table.weight[end])


@pytest.mark.parametrize("unknown", [None, "<|unknown|>"])
def test_words_without_a_token_of_their_own_have_nan(unknown: str | None, tmp_path: Path) -> None:
    save_body(tmp_path, eos_token_id=0)
    save_tokenizer(tmp_path, TEXTS, unknown=unknown)
    assert vectors(tmp_path, ["", "bee", "爱", "吗"], joint="").isnan().any(1).tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_vectors_are_their_own(tmp_path: Path) -> None:
    """The body's are not changed by learning."""
    save_body(tmp_path)
    save_tokenizer(tmp_path, TEXTS)
    body = load_pretrained(str(tmp_path))
    found = word_vectors(str(tmp_path), body, ["", "a"], "")
    table: Any = body.net.get_input_embeddings()
    assert not found.requires_grad
    before = table.weight.clone()
    found.fill_(7.0)
    assert torch.equal(table.weight, before)


def test_a_folder_without_a_tokenizer_knows_no_word(tmp_path: Path) -> None:
    save_body(tmp_path, eos_token_id=0)
    assert vectors(tmp_path).isnan().all()


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "expected a folder, or a name on the"),
        (
            lambda folder: save_tokenizer(folder, [*TEXTS, "the quick brown fox jumps"], 60),
            f"tokenizer: got tokens to [0-9]+, expected some below {WORDS}",
        ),
    ],
    ids=["damaged", "another body's"],
)
def test_a_tokenizer_that_does_not_fit_is_refused_in_one_line(
    damage: Any, complaint: str, tmp_path: Path
) -> None:
    save_body(tmp_path)
    save_tokenizer(tmp_path, TEXTS)
    damage(tmp_path)
    with pytest.raises(SettingError, match=f"^body: got hf:{tmp_path}.*{complaint}") as error:
        vectors(tmp_path, ["", "fox", "jumps", "quick"])
    assert "\n" not in str(error.value)
