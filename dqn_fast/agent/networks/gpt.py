"""A small GPT (Radford et al., 2019): blocks of causal attention with a key-value cache.

Queries and keys are rotated by their positions (RoPE, Su et al., 2021), so only distances matter, and each
step sees the latest `span` steps. So acting step by step equals one pass over the sequence, at any length.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.weak import WeakTensorKeyDictionary

from dqn_fast.agent.networks.layers import make_linear
from dqn_fast.agent.networks.windows import State

_SLOWEST = 10_000.0  # the base of RoPE's wavelengths, in steps


class GPT(nn.Module):
    """Blocks of attention over the steps of a sequence.

    Its state has the rotated keys and the values of the latest steps, `(N, layers, heads, P, size / heads)`,
    aligned right, where P is at most `span`; and "count" `(N,)`, the steps so far.

    Args:
        inputs: features of each step.
        size: width of the blocks.
        layers: number of blocks.
        heads: of attention; `size` is a multiple of twice their number.
        span: steps that a step sees, itself included.
        generator: source of the initial weights.

    Raises:
        ValueError: if a number is below 1, or `size` is not such a multiple.
    """

    def __init__(
        self, inputs: int, size: int, layers: int, heads: int, span: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        if min(size, layers, heads, span) < 1 or size % (2 * heads):
            raise ValueError(
                f"size: got {size}, with {layers} layers, {heads} heads and a span of {span},"
                f" expected a multiple of {2 * max(heads, 1)}, and all at least 1"
            )
        self.size, self.heads, self.span = size, heads, span
        self.embed = make_linear(inputs, size, generator)
        self.blocks = nn.ModuleList(_Block(size, heads, generator) for _ in range(layers))
        self.norm = nn.LayerNorm(size)

    def start(self, count: int) -> State:
        """Return the state of `count` sequences before their first step: an empty cache."""
        empty = (count, len(self.blocks), self.heads, 0, self.size // self.heads)
        device = self.embed.weight.device
        return {
            "keys": torch.zeros(empty, device=device),
            "values": torch.zeros(empty, device=device),
            "count": torch.zeros(count, dtype=torch.int64, device=device),
        }

    def forget(self, state: State, rows: Sequence[int]) -> State:
        """Return the state with these sequences before their first step again."""
        if len(set(rows)) == len(state["count"]):
            return self.start(len(state["count"]))
        count = state["count"]
        at = torch.tensor(list(rows), dtype=torch.int64).to(count.device)
        return {
            **state,
            "count": count.index_fill(0, at, 0),
        }  # what lies further back than the count is masked

    def forward(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the features of every step, `(B, T, size)`, and the state behind the last one.

        Args:
            features: `(B, T, inputs)` float32.
            state: before the first step; None begins anew.
        """
        return self._run(features, state, None)

    def advance(self, features: Tensor, lengths: Tensor, state: State | None = None) -> State:
        """Return the state behind each row's last step.

        Args:
            features: `(B, T, inputs)` float32.
            lengths: `(B,)`, steps of each row, from 0 to T.
            state: before the first step; None begins anew.
        """
        return self._run(features, state, lengths)[1]

    def _run(self, features: Tensor, state: State | None, lengths: Tensor | None) -> tuple[Tensor, State]:
        rows, steps = features.shape[:2]
        state = self.start(rows) if state is None else state
        count, held = state["count"], state["keys"].shape[3]
        position = count[:, None] + torch.arange(steps, device=count.device)
        rotation = _rotation(position, self.size // self.heads)
        visible = self._visible(count, held, steps)
        x, keys, values = self.embed(features), _Cache(state["keys"], steps), _Cache(state["values"], steps)
        for block in self.blocks:
            x = block(x, rotation, visible, keys, values)
        after = {
            "keys": self._latest(keys, held, steps, lengths),
            "values": self._latest(values, held, steps, lengths),
            "count": count + (steps if lengths is None else lengths),
        }
        return self.norm(x), after

    def _latest(self, cache: _Cache, held: int, steps: int, lengths: Tensor | None) -> Tensor:
        """Return the cache behind each row's last step: `span` columns at most, of all layers."""
        rows, layers, _, _, _ = cache.held.shape
        width = min(held + steps, self.span)
        if lengths is None:
            return cache.latest(width)
        # Rows with fewer steps repeat column 0; their count says that these are not steps.
        columns = torch.arange(width, device=lengths.device)
        at = (held + lengths[:, None] - width + columns).clamp(min=0)
        index = at[:, None, None, :, None].expand(rows, layers, self.heads, width, self.size // self.heads)
        return cache.latest(held + steps).gather(3, index)

    def _visible(self, count: Tensor, held: int, steps: int) -> Tensor:
        """Return which keys each step sees, `(B, 1, T, P + T)` bool."""
        key = torch.arange(held + steps, device=count.device)
        step = key[:steps, None]
        near = (key <= held + step) & (key > held + step - self.span)
        known = key >= held - count[:, None]
        return (near & known[:, None])[:, None]


@dataclass(slots=True)
class _Room:
    """Memory with columns to spare, `(N, layers, heads, columns, size / heads)`.

    Attributes:
        memory: of keys or values.
        written: columns.
    """

    memory: Tensor
    written: int


# The room that a cache in a state lies in, and the column behind its last one there.
_ROOMS: MutableMapping[Tensor, tuple[_Room, int]] = WeakTensorKeyDictionary()


class _Cache:
    """Keys or values of all layers, which get those of new steps layer by layer.

    Without a gradient, new ones are written behind those that are held, in memory with columns to spare: what
    is held is copied when these are used up, and not at every step. If another sequence went on from the same
    state before, its columns are not touched: all is copied, too. With a gradient, each layer has tensors of
    its own, which autograd needs as they are.

    Args:
        held: `(N, layers, heads, P, size / heads)`; only read.
        steps: new ones, T.
    """

    def __init__(self, held: Tensor, steps: int) -> None:
        self.held, self._layers = held, list[Tensor]()
        self._room: _Room | None = None
        if torch.is_grad_enabled():
            return
        total = held.shape[3] + steps
        self._room, end = _ROOMS.get(held, (None, 0))
        if self._room is None or end != self._room.written or end + steps > self._room.memory.shape[3]:
            memory = held.new_empty(*held.shape[:3], 2 * total, held.shape[4])
            memory[..., : held.shape[3], :] = held
            self._room, end = _Room(memory, held.shape[3]), held.shape[3]
        self._begin, self._end = end - held.shape[3], end + steps
        self._room.written = self._end

    def add(self, new: Tensor) -> Tensor:
        """Return all of the next layer, `(N, heads, P + T, size / heads)`, with the new ones at the end."""
        layer = len(self._layers)
        if self._room is None:
            self._layers.append(torch.cat([self.held[:, layer], new], 2))
        else:
            self._layers.append(self._room.memory[:, layer, :, self._begin : self._end])
            self._layers[layer][:, :, self.held.shape[3] :] = new
        return self._layers[layer]

    def latest(self, width: int) -> Tensor:
        """Return the last columns of all layers, `(N, layers, heads, width, size / heads)`."""
        if self._room is None:
            return torch.stack(self._layers, 1)[..., self._layers[0].shape[2] - width :, :]
        latest = self._room.memory[..., self._end - width : self._end, :]
        _ROOMS[latest] = self._room, self._end
        return latest


class _Block(nn.Module):
    def __init__(self, size: int, heads: int, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.mlp_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attend = make_linear(size, 3 * size, generator)
        self.project = make_linear(size, size, generator)
        self.mlp = nn.Sequential(
            make_linear(size, 4 * size, generator), nn.GELU(), make_linear(4 * size, size, generator)
        )

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], visible: Tensor, keys: _Cache, values: _Cache
    ) -> Tensor:
        """Return the outputs, `(B, T, size)`; keys and values are added to those of the steps before."""
        parts = self.attend(self.attention_norm(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key = (_rotated(part, rotation) for part in parts[:2])
        seen = functional.scaled_dot_product_attention(query, keys.add(key), values.add(parts[2]), visible)
        x = x + self.project(seen.transpose(1, 2).flatten(2))
        result: Tensor = x + self.mlp(self.mlp_norm(x))
        return result


def _rotation(position: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of the angles at positions `(B, T)`, `(B, 1, T, size / 2)` each."""
    frequency = _SLOWEST ** (-torch.arange(0, size, 2, device=position.device) / size)
    angle = position[:, None, :, None] * frequency
    return angle.cos(), angle.sin()


def _rotated(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    cosine, sine = rotation
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)
