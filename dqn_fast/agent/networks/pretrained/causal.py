"""GPT-2 as a model of sequences: an episode in one pass, or a token at a time with transformers' cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dqn_fast.agent.networks.windows import State
from dqn_fast.errors import UsageError


class CausalBody(nn.Module):
    """Reads tokens from left to right; each sees all before it, at their positions from 0.

    A token is its number, int64, or a vector of `size` numbers, float32, instead of the body's own.

    Its state has the keys and values of each layer, `(N, heads, P, size / heads)`, aligned right, where P is
    the longest text so far; and "count" `(N,)`, the tokens of each.

    Args:
        net: GPT-2 of transformers, or what holds it (`held`).
        config: of it.
    """

    _place: Tensor

    def __init__(self, net: nn.Module, config: Any) -> None:
        super().__init__()
        self.net = net
        self.size: int = config.n_embd
        self.vocabulary: int = config.vocab_size
        self.positions: int = config.n_positions
        self.layers: int = config.n_layer
        self._per_head = config.n_head, config.n_embd // config.n_head
        # Where states are made; it moves with the module, whose weights may be hidden.
        self.register_buffer("_place", torch.zeros(0, dtype=torch.int64), persistent=False)

    def start(self, count: int) -> State:
        """Return the state of `count` texts before their first token: an empty cache."""
        heads, width = self._per_head
        device = self._place.device
        empty = {
            f"{part}_{layer}": torch.zeros(count, heads, 0, width, device=device)
            for layer in range(self.layers)
            for part in ("keys", "values")
        }
        return {**empty, "count": torch.zeros(count, dtype=torch.int64, device=device)}

    def forget(self, state: State, rows: Sequence[int]) -> State:
        """Return the state with these texts before their first token again."""
        count = state["count"]
        if len(set(rows)) == len(count):
            return self.start(len(count))
        at = torch.tensor(list(rows), dtype=torch.int64).to(count.device)
        # What lies further back than the count is masked.
        return {**state, "count": count.index_fill(0, at, 0)}

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the features behind every token, `(B, T, size)`, and the state behind the last one.

        Args:
            tokens: `(B, T)` int64, or `(B, T, size)` float32.
            state: before the first token; None begins anew.

        Raises:
            UsageError: if a text becomes longer than the positions of the body.
        """
        return self._run(tokens, state, None)

    def advance(self, tokens: Tensor, lengths: Tensor, state: State | None = None) -> State:
        """Return the state behind each row's last token.

        Args:
            tokens: as for `forward`.
            lengths: `(B,)`, tokens of each row, from 0 to T.
            state: before the first token; None begins anew.

        Raises:
            UsageError: if a text becomes longer than the positions of the body.
        """
        return self._run(tokens, state, lengths)[1]

    def _run(self, tokens: Tensor, state: State | None, lengths: Tensor | None) -> tuple[Tensor, State]:
        from transformers import Cache, DynamicCache

        rows, steps = tokens.shape[:2]
        state = self.start(rows) if state is None else state
        count, held = state["count"], state["keys_0"].shape[2]
        longest = int(count.max()) + steps
        if longest > self.positions:
            raise UsageError(
                f"body: got a text of {longest:,} tokens, expected at most {self.positions:,}, its positions"
            )
        cache = (
            DynamicCache() if held == 0 else Cache(layers=[self._layer(state, i) for i in range(self.layers)])
        )
        column = torch.arange(held + steps, device=count.device)
        are_vectors = tokens.is_floating_point()
        features = self.net(
            None if are_vectors else tokens,
            cache,
            attention_mask=(column >= held - count[:, None]).long(),
            position_ids=count[:, None] + column[:steps],
            inputs_embeds=tokens if are_vectors else None,
            use_cache=True,
        ).last_hidden_state
        after = count + (steps if lengths is None else lengths)
        kept: State = {"count": after}
        for layer, one in enumerate(cache.layers):
            kept[f"keys_{layer}"] = _latest(one.keys, after, held, lengths)
            kept[f"values_{layer}"] = _latest(one.values, after, held, lengths)
        return features, kept

    def _layer(self, state: State, number: int) -> Any:
        """Return what transformers keeps of a layer, over the memory of the state."""
        from transformers.cache_utils import DynamicLayer

        layer, keys, values = DynamicLayer(), state[f"keys_{number}"], state[f"values_{number}"]
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        return layer


def _latest(part: Tensor, after: Tensor, held: int, lengths: Tensor | None) -> Tensor:
    """Return the columns up to each row's last token, as many as the longest text has tokens.

    Args:
        part: keys or values of a layer, `(B, heads, held + T, size / heads)`.
        after: tokens of each row, `(B,)`.
        held: columns that stood before this pass.
        lengths: new tokens of each row, `(B,)`; None: T.
    """
    width = int(after.max())
    if lengths is None:
        return part[:, :, part.shape[2] - width :]
    # Rows with fewer tokens repeat column 0; their count says that these are none.
    at = (held + lengths[:, None] - width + torch.arange(width, device=lengths.device)).clamp(min=0)
    return part.gather(2, at[:, None, :, None].expand(-1, part.shape[1], -1, part.shape[3]))
