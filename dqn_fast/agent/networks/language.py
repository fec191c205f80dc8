"""A small language model, alone or as the prior of action values: an action is the next word.

Vectors of words are tied: the same table holds what the model reads and what it predicts (Press & Wolf,
2017). There is no dropout, so two passes over one batch are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn import functional

from dqn_fast.agent.networks.action_mask import ILLEGAL
from dqn_fast.agent.networks.layers import make_linear, make_mlp
from dqn_fast.agent.networks.make_sequence import MakeSequenceModel
from dqn_fast.agent.networks.many_actions import ManyActions
from dqn_fast.agent.networks.prior import PriorAlone, PriorValues
from dqn_fast.agent.networks.representation import Representation
from dqn_fast.agent.networks.sequence_network import SequenceModel
from dqn_fast.agent.networks.token_network import TokenIds, TokenNetwork
from dqn_fast.agent.networks.windows import Inputs, State
from dqn_fast.errors import UsageError
from dqn_fast.word_actions import WordActions

_SPREAD = 0.1  # standard deviation of the vectors at first: logits begin near 0
_END = 0
_REMEMBERED, _WORD, _COUNT, _SO_FAR = "remembered", "word", "count", "so_far"


class LanguageModel(nn.Module):
    """A sequence model of words: `(B, T)` int64 to features, and from features to logits of the next word.

    Args:
        vocabulary: number of words.
        width: of the vectors of words.
        make_model: makes what remembers, for vectors of that width.
        generator: source of the initial weights.

    Attributes:
        table: the vector of each word.
        unknown_words: that a pretrained body does not know; their vectors begin random.
    """

    def __init__(
        self, vocabulary: int, width: int, make_model: MakeSequenceModel, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(vocabulary, width).normal_(0, _SPREAD, generator=generator))
        self.unknown_words = 0
        model = make_model(width, generator)
        self.model = cast(nn.Module, model)
        self.size = model.size
        self.project = nn.Identity() if model.size == width else make_linear(model.size, width, generator)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def start(self, count: int) -> State:
        """Return the state of `count` sentences before their first word."""
        return cast(SequenceModel, self.model).start(count)

    def forget(self, state: State, rows: Sequence[int]) -> State:
        """Return the state with these sentences before their first word again."""
        return cast(SequenceModel, self.model).forget(state, rows)

    def forward(self, words: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the features behind every word, `(B, T, size)`, and the state behind the last one."""
        result: tuple[Tensor, State] = self.model(functional.embedding(words, self.table), state)
        return result

    def advance(self, words: Tensor, lengths: Tensor, state: State | None = None) -> State:
        """Return the state behind each row's last word."""
        model = cast(SequenceModel, self.model)
        return model.advance(functional.embedding(words, self.table), lengths, state)

    def logits(self, features: Tensor) -> Tensor:
        """Return the logits of the next word, `(N, vocabulary)`, for features `(N, size)`."""
        return torch.addmm(self.bias, self.project(features), self.table.t())

    def logit(self, features: Tensor, word: Tensor) -> Tensor:
        """Return the logit of one word for each row of features, `(N,)`."""
        vector = functional.embedding(word, self.table)
        logit: Tensor = (self.project(features) * vector).sum(1) + self.bias[word]
        return logit


class WordValues(nn.Module):
    """Values of words: products of a state's features with those of a word, and a bias for each word.

    Args:
        vocabulary: number of words.
        width: of their vectors.
        inputs: numbers that describe a state.
        units: of each hidden layer of the state.
        rank: products.
        generator: source of the initial weights.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        inputs: int,
        units: Sequence[int],
        rank: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.state = make_mlp([inputs, *units, rank], generator)
        self.word = make_linear(width, rank, generator)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, state: Tensor, table: Tensor) -> Tensor:
        """Return the values of all words, `(N, vocabulary)`, for states `(N, inputs)`."""
        return torch.addmm(self.bias, self.state(state), self.word(table).t())

    def at(self, state: Tensor, word: Tensor, table: Tensor) -> Tensor:
        """Return the value of one word for each state, `(N,)`."""
        vector = self.word(functional.embedding(word, table))
        value: Tensor = (self.state(state) * vector).sum(1) + self.bias[word]
        return value


class LanguageHead(ManyActions):
    """From what a language model remembers to its logits, and to the values of words if it has such.

    A sentence may not end before it has its fewest words: the end is as good as impossible there.

    Args:
        model: of the network; not among this module's own weights.
        actions: the words.
        longest: most words of a sentence.
        values: of words; None for the model alone.
        representation: of the outputs.
    """

    def __init__(
        self,
        model: LanguageModel,
        actions: WordActions,
        longest: int,
        values: WordValues | None,
        representation: Representation,
    ) -> None:
        super().__init__(
            cast(Any, nn.Identity()), nn.Identity(), nn.Identity(), int(actions.n), representation
        )
        self._model = (model,)  # a tuple hides it: its weights are saved once, by the network
        self._least, self._longest = actions.least, longest
        self.of_words = values

    def forward(self, rows: Mapping[str, Tensor]) -> Tensor:
        """Return the logits, `(N, A)`, or logits and values, `(N, 2 A)`."""
        model = self._model[0]
        logits = model.logits(rows[_REMEMBERED])
        logits[:, _END] = logits[:, _END].masked_fill(self._too_short(rows), ILLEGAL)
        if self.of_words is None:
            return logits
        return torch.cat([logits, self.of_words(self._state(rows), model.table)], 1)

    def at(self, rows: Mapping[str, Tensor], action: Tensor, whole: tuple[str, ...] = ()) -> Tensor:
        """Return the logit, `(N, 1)`, or logit and value, `(N, 2)`, of one word in each row."""
        if whole:
            return self.forward(rows)
        model = self._model[0]
        logit = model.logit(rows[_REMEMBERED], action)
        logit = logit.masked_fill(self._too_short(rows) & (action == _END), ILLEGAL)
        if self.of_words is None:
            return logit.unsqueeze(1)
        return torch.stack([logit, self.of_words.at(self._state(rows), action, model.table)], 1)

    def _too_short(self, rows: Mapping[str, Tensor]) -> Tensor:
        """Return in which rows the sentence must not end yet, `(N,)` bool."""
        return rows[_COUNT] < self._least

    def _state(self, rows: Mapping[str, Tensor]) -> Tensor:
        """Return what values are computed from, `(N, size + 2)`."""
        return torch.cat([rows[_REMEMBERED], rows[_COUNT].unsqueeze(1) / self._longest, rows[_SO_FAR]], 1)


class LanguageNetwork(TokenNetwork):
    """A language model as a Q-network: it reads the words of an episode, and neither actions nor rewards.

    Weights that belong to another vocabulary are refused.

    Args:
        model: reads the words.
        head: gives outputs.
        actions: the words.

    Attributes:
        actions: the words.
    """

    digest: Tensor

    def __init__(self, model: LanguageModel, head: LanguageHead, actions: WordActions) -> None:
        super().__init__(TokenIds(_WORD, 0), model, head)
        self.actions = actions
        self.register_buffer("digest", torch.tensor(list(actions.digest()), dtype=torch.uint8))

    def rows(self, remembered: Tensor, inputs: Inputs) -> Any:
        """Return `(B, T, size)` as the B * T observations of the head, with what else it takes of each."""
        obs = inputs.flat().obs
        return {_REMEMBERED: remembered.flatten(0, 1), _COUNT: obs[_COUNT], _SO_FAR: obs[_SO_FAR]}

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        saved = state.get(f"{prefix}digest")
        if isinstance(saved, Tensor) and not torch.equal(saved.cpu(), self.digest.cpu()):
            raise UsageError(
                "text: got another vocabulary than the model's, expected the text that it learnt"
            )
        super()._load_from_state_dict(state, prefix, *rest)


def make_language_net(
    observation_space: spaces.Space[Any],
    action_space: WordActions,
    make_model: MakeSequenceModel,
    generator: torch.Generator,
    *,
    width: int,
    values: PriorValues | None = None,
    hidden_sizes: Sequence[int] = (128,),
    rank: int = 64,
) -> LanguageNetwork:
    """Return a language model that can learn; or, with `values`, one that is frozen below values that learn.

    Args:
        observation_space: as `WordActions` says.
        action_space: the words.
        make_model: makes the sequence model, for the number of its inputs.
        generator: source of the initial weights.
        width: of the vectors of words.
        values: how values and logits become a policy; None for the model alone.
        hidden_sizes: units of each hidden layer of a state, below its values.
        rank: products of a state and a word.

    Raises:
        TypeError: if the observations are others.
        ValueError: if `make_model` raises it.
    """
    vocabulary, longest = int(action_space.n), longest_sentence(observation_space)
    model = LanguageModel(vocabulary, width, make_model, generator)
    representation: Representation = PriorAlone()
    of_words = None
    if values is not None:
        representation = values
        of_words = WordValues(vocabulary, width, model.size + 2, hidden_sizes, rank, generator)
        model.requires_grad_(False)
    head = LanguageHead(model, action_space, longest, of_words, representation)
    return LanguageNetwork(model, head, action_space)


def longest_sentence(observation_space: spaces.Space[Any]) -> int:
    """Return the most words of a sentence.

    Raises:
        TypeError: if the observations are other ones than `WordActions` says.
    """
    keys = {_WORD, _COUNT, _SO_FAR}
    if not isinstance(observation_space, spaces.Dict) or not keys <= observation_space.keys():
        raise TypeError(f"observation_space: got {observation_space}, expected a word, a count and so_far")
    return int(cast(Any, observation_space[_COUNT]).n) - 1
