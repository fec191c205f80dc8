"""The architectures that a pretrained body may have, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dqn_fast.errors import SettingError


class Kind(NamedTuple):
    """An architecture of transformers.

    Attributes:
        name: of its models, in their config.json.
        prefix: of the names of its classes.
        dropouts: names of its probabilities of dropout.
        options: of the constructor of the model.
        positions: name of the number of positions; None if there may be any.
        is_causal: whether no token sees a later one.
        reads_first: whether the features of a text are those of its first token, and not of its last one.
    """

    name: str
    prefix: str
    dropouts: tuple[str, ...]
    options: Mapping[str, Any]
    positions: str | None
    is_causal: bool
    reads_first: bool


_BERT = Kind(
    "bert",
    "Bert",
    ("hidden_dropout_prob", "attention_probs_dropout_prob"),
    {"add_pooling_layer": False},
    "max_position_embeddings",
    is_causal=False,
    reads_first=True,  # [CLS]
)
_GPT2 = Kind(
    "gpt2",
    "GPT2",
    ("embd_pdrop", "attn_pdrop", "resid_pdrop"),
    {},
    "n_positions",
    is_causal=True,
    reads_first=False,
)
_XLNET = Kind("xlnet", "XLNet", ("dropout",), {}, None, is_causal=False, reads_first=False)

_KINDS = {kind.name: kind for kind in (_BERT, _GPT2, _XLNET)}


def kind_of(source: str, fields: Mapping[str, Any]) -> Kind:
    """Return the architecture of a body.

    Args:
        source: of the body, for errors.
        fields: of its config.json.

    Raises:
        SettingError: if it is none of ours.
    """
    name = str(fields.get("model_type"))
    kind = _KINDS.get(name)
    classes = [str(one) for one in fields.get("architectures") or []]
    # The first token of a BERT that is a decoder sees no other.
    decoder = ["is_decoder"] if fields.get("is_decoder") else []
    if kind is None or decoder or not all(one.startswith(kind.prefix) for one in classes):
        got = f"hf:{source} of the kind {', '.join([name, *classes, *decoder])}"
        raise SettingError("body", got, f"one of {', '.join(_KINDS)}")
    return kind
