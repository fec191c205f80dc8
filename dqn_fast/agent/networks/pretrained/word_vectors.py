"""Vectors of words from those of the tokens that a body's tokenizer makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.pretrained.loading import Pretrained, in_one_line, quietly

_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def word_vectors(source: str, body: Pretrained, words: Sequence[str], joint: str) -> Tensor:
    """Return a vector for each word, the mean of those of its tokens (Gee et al., 2022).

    An empty word, the end of a sentence, has the vector of the body's own end of a text. Words that the body
    does not know have NaN.

    Args:
        source: of the body, as for `load_pretrained`.
        body: that was loaded from there.
        words: to make vectors for.
        joint: what stands before a word in a text.

    Returns:
        `(words, features of the body)`. Of a folder without a tokenizer, no word is known.

    Raises:
        SettingError: for the setting "body", if the tokenizer cannot be loaded, or is another body's.
    """
    vectors = cast(nn.Embedding, cast(Any, body.net).get_input_embeddings()).weight.detach()
    found = torch.full((len(words), vectors.shape[1]), torch.nan)
    folder = Path(source)
    if folder.is_dir() and not any((folder / name).exists() for name in _FILES):
        return found
    tokens = _tokens(source, words, joint)
    largest = max(map(max, filter(None, tokens)), default=0)
    with in_one_line(source):
        if largest >= len(vectors):
            raise ValueError(f"tokenizer: got tokens to {largest:,}, expected some below {len(vectors):,}")
    end = body.config.eos_token_id
    ends = isinstance(end, int) and 0 <= end < len(vectors)  # a small body may have GPT-2's, which is larger
    for row, (word, one) in enumerate(zip(words, tokens, strict=True)):
        known = one if word else [end] * ends
        if known:
            found[row] = vectors[torch.tensor(known)].mean(0)
    return found


def _tokens(source: str, words: Sequence[str], joint: str) -> list[list[int]]:
    """Return the tokens of each word; none of a word that the tokenizer does not know."""
    import transformers

    with in_one_line(source), quietly(transformers):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source, local_files_only=Path(source).is_dir(), trust_remote_code=False
        )
        texts = [joint + word for word in words]
        found: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return [[] if tokenizer.unk_token_id in one else one for one in found]
