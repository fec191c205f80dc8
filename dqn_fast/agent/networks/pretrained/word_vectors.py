"""Vectors of words from those of the tokens that a body's tokenizer makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.pretrained.loading import Pretrained, in_one_line, quietly

_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def word_vectors(source: str, body: Pretrained, words: Sequence[str], joint: str) -> Tensor | None:
    """Return a vector for each word, the mean of those of its tokens (Gee et al., 2022).

    An empty word, the end of a sentence, has the vector of the body's own end of a text. Where there is none,
    or no token for a word, the vector is the mean of all others.

    Args:
        source: of the body, as for `load_pretrained`.
        body: that was loaded from there.
        words: to make vectors for.
        joint: what stands before a word in a text.

    Returns:
        `(words, features of the body)`; None if the body is a folder without a tokenizer.

    Raises:
        SettingError: for the setting "body", if the tokenizer cannot be loaded, or is another body's.
    """
    folder = Path(source)
    if folder.is_dir() and not any((folder / name).exists() for name in _FILES):
        return None
    vectors = cast(nn.Embedding, cast(Any, body.net).get_input_embeddings()).weight.detach()
    end = body.config.eos_token_id
    ends = isinstance(end, int) and 0 <= end < len(vectors)  # a small body may have GPT-2's, which is larger
    tokens = [
        found if word else [end] * ends
        for word, found in zip(words, _tokens(source, words, joint), strict=True)
    ]
    largest = max(map(max, filter(None, tokens)), default=-1)
    with in_one_line(source):
        if not 0 <= largest < len(vectors):
            raise ValueError(f"tokenizer: got tokens to {largest:,}, expected some, below {len(vectors):,}")
    found = [vectors[torch.tensor(one)].mean(0) if one else None for one in tokens]
    rest = torch.stack([one for one in found if one is not None]).mean(0)
    return torch.stack([rest if one is None else one for one in found])


def _tokens(source: str, words: Sequence[str], joint: str) -> list[list[int]]:
    """Return the tokens of each word."""
    import transformers

    with in_one_line(source), quietly(transformers):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            source, local_files_only=Path(source).is_dir(), trust_remote_code=False
        )
        texts = [joint + word for word in words]
        found: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return found
