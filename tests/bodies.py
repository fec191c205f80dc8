"""Tiny random bodies that tests save to folders: no test asks the hub for one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

if not find_spec("transformers"):
    pytest.skip('needs `pip install ".[hf]"`', allow_module_level=True)
os.environ["HF_HUB_OFFLINE"] = "1"  # before it is imported

KINDS = ("bert", "gpt2", "xlnet")
WORDS, LONGEST, SIZE = 21, 12, 16

_COMMON = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
_OPTIONS: dict[str, dict[str, Any]] = {
    "bert": {
        "hidden_size": SIZE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": LONGEST,
    },
    "gpt2": {"n_embd": SIZE, "n_layer": 2, "n_head": 2, "n_positions": LONGEST},
    "xlnet": {"d_model": SIZE, "n_layer": 2, "n_head": 2, "d_inner": 32},
}
_CLASSES = {
    "bert": ("BertConfig", "BertForMaskedLM"),
    "gpt2": ("GPT2Config", "GPT2LMHeadModel"),
    "xlnet": ("XLNetConfig", "XLNetLMHeadModel"),
}


def save_body(folder: Path, kind: str = "gpt2", *, seed: int = 0, **options: Any) -> str:
    """Save a random model with dropout, of the class that people train; return what `--body` takes."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    config, model = (getattr(transformers, name) for name in _CLASSES[kind])
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        fields = {"vocab_size": WORDS, **_COMMON, **_OPTIONS[kind], **options}
        model(config(**fields)).save_pretrained(folder)
    return f"hf:{folder}"


def save_tokenizer(folder: Path, texts: Iterable[str], size: int = WORDS, unknown: str | None = None) -> None:
    """Save a tokenizer of parts of words, as GPT-2's is, beside a model: `size` tokens, the end first.

    What it does not know has the token `unknown`, or none.
    """
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<|endoftext|>", *filter(None, [unknown])], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=unknown).save_pretrained(
        folder
    )
