"""Q-networks that score candidates: actions that are described by features, such as words or replies.

The form is that of DRRN (He et al., 2016), which compares a state with an action by a product of the two;
here there are several products, and a small network that reads them. "How many wishes does this candidate
break" is such a product, and "does it break none" a threshold on it. The weights belong to features, not to
actions: there may be any number of actions, and others later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast import trees
from dqn_fast.agent.networks.action_mask import has_action_mask
from dqn_fast.agent.networks.encoders import make_encoder
from dqn_fast.agent.networks.heads import Heads
from dqn_fast.agent.networks.layers import make_hidden, make_linear, make_mlp
from dqn_fast.agent.networks.make import refuse_large
from dqn_fast.agent.networks.q_network import QNetwork
from dqn_fast.agent.networks.representation import SCALAR, Representation, SeveralHeads
from dqn_fast.agent.networks.tokens import MakeTextReader, make_causal_reader
from dqn_fast.described_actions import DescribedActions

# Pairs of a state and a candidate that are computed together: what lies between layers should stay in the
# processor's caches.
_AT_ONCE = 2**14


class Scored(NamedTuple):
    """What the body gives to the heads.

    Attributes:
        candidates: features of each candidate in this state, `(B, C, D)` float32.
        state: features of the state alone, `(B, S)` float32.
    """

    candidates: Tensor
    state: Tensor


class CandidateBody(nn.Module):
    """Features of each pair of a state x and a candidate w: a layer over forms x A w and over the state.

    Each of `forms` is a matrix A of its own. One more takes the state's hidden units in place of x.

    Args:
        inputs: numbers of x.
        features: numbers of w.
        forms: at least 1.
        units: hidden units of the state, and of the layer.
        generator: source of the initial weights.
    """

    def __init__(
        self, inputs: int, features: int, forms: int, units: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.features = features
        self.state = make_hidden([inputs, units], generator)
        self.forms = make_linear(inputs, forms * features, generator)
        self.form_of_state = make_linear(units, features, generator)
        self.of_state = make_linear(units, units, generator)
        self.of_forms = make_linear(forms + 1, units, generator)

    def forward(self, x: Tensor, candidates: Tensor) -> Scored:
        """Return the features of each pair.

        Args:
            x: `(B, inputs)` float32.
            candidates: the same for all rows, `(C, features)`, or of each, `(B, C, features)`; float32.
        """
        state = self.state(x)
        rows = torch.cat([self.forms(x), self.form_of_state(state)], 1)
        rows = rows.view(len(x), self.of_forms.in_features, self.features)
        products = rows @ candidates.transpose(-1, -2)  # (B, forms + 1, C)
        hidden = self.of_forms(products.transpose(1, 2)) + self.of_state(state).unsqueeze(1)
        return Scored(hidden.relu_(), state)


class CandidateHead(nn.Module):
    """An output for each candidate.

    Args:
        layers: from features of a candidate to one output.
    """

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, scored: Scored) -> Tensor:
        """Return the outputs, `(B, C)`."""
        outputs: Tensor = self.layers(scored.candidates).squeeze(2)
        return outputs


class StateHead(nn.Module):
    """Outputs of the state, whatever the candidates.

    Args:
        layers: from features of the state to outputs.
    """

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, scored: Scored) -> Tensor:
        """Return the outputs, `(B, outputs)`."""
        outputs: Tensor = self.layers(scored.state)
        return outputs


class CandidateNetwork(QNetwork):
    """Scores all actions, or only the one in each row that is asked for.

    Args:
        encoder: see `QNetwork`.
        body: scores candidates.
        head: takes `Scored`.
        actions: features of all actions, `(A, features)` float32; not among the weights that are saved.
        representation: see `QNetwork`.
    """

    actions: Tensor
    _column: Tensor

    def __init__(
        self,
        encoder: Any,
        body: CandidateBody,
        head: nn.Module,
        actions: Tensor,
        representation: Representation = SCALAR,
    ) -> None:
        super().__init__(encoder, body, head, len(actions), representation)
        self.register_buffer("actions", actions, persistent=False)
        sizes = [len(actions)]
        if isinstance(representation, SeveralHeads):
            sizes = list(representation.head_sizes(len(actions)).values())
        # Where the output of action 0 is of each head, and how far that of action 1 is from it.
        starts = np.cumsum([0, *sizes])
        columns = [
            (int(start) + output, int(size == len(actions)))
            for start, size in zip(starts, sizes, strict=False)
            for output in range(1 if size == len(actions) else size)
        ]
        self.register_buffer("_column", torch.tensor(columns), persistent=False)
        self._width = int(starts[-1])

    def forward(self, obs: Any) -> Tensor:
        """Return the outputs of all actions; see `QNetwork`."""
        x = self.encoder(obs)
        if torch.is_grad_enabled():
            return self._outputs(x, self.actions)
        rows = max(_AT_ONCE // self.num_actions, 1)
        return torch.cat([self._outputs(part, self.actions) for part in torch.split(x, rows)])

    def at(self, obs: Any, action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return the outputs of one action in each row, and of the state, and 0 for others.

        Heads have their layers in common, so where one is needed as a whole, all are computed.
        """
        if whole:
            return self.forward(obs)
        asked = self._outputs(self.encoder(obs), self.actions[action].unsqueeze(1))
        first, step = self._column.unbind(1)
        return asked.new_zeros(len(asked), self._width).scatter(1, first + step * action[:, None], asked)

    def best_action(self, obs: Any, needed: Tensor) -> Tensor:
        """Return the best action of each row that is needed, `(B,)` int64, and of any for others.

        On a GPU it computes all rows: which are needed would be a question that it has to wait for.
        """
        if needed.device.type != "cpu":
            return super().best_action(obs, needed)
        rows = needed.nonzero().squeeze(1)
        few = trees.map(lambda leaf: leaf[rows], obs)
        action = torch.zeros(len(needed), dtype=torch.int64)
        if len(rows):
            action[rows] = super().best_action(few, needed)
        return action

    def _outputs(self, x: Tensor, candidates: Tensor) -> Tensor:
        outputs: Tensor = self.head(self.body(x, candidates))
        return outputs


def make_candidate_net(
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    hidden_sizes: Sequence[int],
    generator: torch.Generator,
    *,
    forms: int = 8,
    embedding: int = 0,
    make_reader: MakeTextReader = make_causal_reader,
    representation: Representation = SCALAR,
) -> CandidateNetwork:
    """Return a network for actions that are described by features.

    Args:
        observation_space: as for `make_q_net`, but without an action mask.
        action_space: describes its actions.
        hidden_sizes: units of each hidden layer, one at least. The first is that of the body; others belong
            to each head by itself.
        generator: source of the initial weights.
        forms: bilinear forms of an observation's and an action's features.
        embedding: as for `make_q_net`.
        make_reader: as for `make_q_net`.
        representation: with one output for each action, or several heads.

    Raises:
        TypeError: if the actions have no features, or a space is of another kind.
        ValueError: if there is no hidden layer, `forms` or a size is below 1, the observations have an action
            mask, or the first layer would be too large (see `make_q_net`).
    """
    if not isinstance(action_space, DescribedActions):
        raise TypeError(
            f"action_space: got {action_space}, expected DescribedActions, whose features candidates need"
        )
    if not hidden_sizes or min(hidden_sizes) < 1:
        raise ValueError(f"hidden_sizes: got {tuple(hidden_sizes)}, expected one at least, each at least 1")
    if forms < 1:
        raise ValueError(f"forms: got {forms}, expected at least 1")
    if has_action_mask(observation_space, int(action_space.n)):
        raise ValueError("observation_space: got an action mask, expected none for candidates")
    actions = torch.tensor(action_space.features)
    count, features = actions.shape
    encoder = make_encoder(observation_space, generator, embedding=embedding, make_reader=make_reader)
    refuse_large(encoder, forms * features)
    body = CandidateBody(encoder.size, features, forms, hidden_sizes[0], generator)
    if not isinstance(representation, SeveralHeads):
        head: nn.Module = CandidateHead(make_mlp([*hidden_sizes, 1], generator))
        return CandidateNetwork(encoder, body, head, actions, representation)
    heads = {
        name: (CandidateHead if size == count else StateHead)(
            make_mlp([*hidden_sizes, 1 if size == count else size], generator)
        )
        for name, size in representation.head_sizes(count).items()
    }
    return CandidateNetwork(encoder, body, Heads(heads), actions, representation)
