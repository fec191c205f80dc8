"""Sentences that a language network writes, many side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count as count_up
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dqn_fast.agent import Inputs, LanguageNetwork, PriorValues, Window, sample
from dqn_fast.tasks.writer import Writer
from dqn_fast.text import END, perplexity

#: Takes outputs of a network, `(N, ...)`, and the N environments that they are for; returns logits, `(N, A)`.
Player = Callable[[Tensor, Sequence[Writer]], Tensor]

_ROWS = 256  # sentences that are read together


class Sentences(NamedTuple):
    """N sentences.

    Attributes:
        words: of each, as numbers.
        rewards: of each, `(N,)`.
        log_likelihood: of each under the language model, `(N,)`; its end included, where that was chosen.
        choices: that this is of, `(N,)`.
    """

    words: list[tuple[int, ...]]
    rewards: npt.NDArray[np.float64]
    log_likelihood: npt.NDArray[np.float64]
    choices: npt.NDArray[np.int64]

    def perplexity(self) -> float:
        """Return the perplexity of the language model on all of them together."""
        return perplexity(float(self.log_likelihood.sum()), int(self.choices.sum()))

    def take(self, rows: npt.NDArray[np.int64]) -> Sentences:
        """Return some of them."""
        words = [self.words[row] for row in rows.tolist()]
        return Sentences(words, self.rewards[rows], self.log_likelihood[rows], self.choices[rows])


def prior_of(q_net: LanguageNetwork, outputs: Tensor) -> Tensor:
    """Return log-probabilities of the language model alone, `(..., A)`, in the outputs of a network."""
    representation = q_net.representation
    logits = representation.split(outputs).prior if isinstance(representation, PriorValues) else outputs
    return torch.log_softmax(logits, -1)


@torch.no_grad()
def write(
    q_net: LanguageNetwork,
    envs: Sequence[Writer],
    count: int,
    player: Player,
    generator: np.random.Generator,
    prompt: Sequence[int] = (),
) -> Sentences:
    """Write sentences, as many at once as there are environments.

    Args:
        q_net: on the CPU; gives outputs.
        envs: equal ones; each writes.
        count: sentences, at least 1.
        player: says which words to choose by outputs.
        generator: the only source of randomness.
        prompt: the first words of every sentence, fewer than a sentence may have.
    """
    words: list[tuple[int, ...]] = []
    likelihood, choices = np.zeros(count), np.zeros(count, np.int64)
    for first in range(0, count, len(envs)):
        some = envs[: count - first]
        obs = [env.reset()[0] for env in some]
        state, going = q_net.start(len(some)), np.arange(len(some))
        for at in count_up():
            outputs, state = q_net.step(_inputs(obs), state)
            if at < len(prompt):
                action = np.full(len(some), prompt[at])
            else:
                action = sample(player(outputs, some).numpy(), generator)
            log_p = prior_of(q_net, outputs).numpy()
            likelihood[first + going] += log_p[going, action[going]]
            choices[first + going] += 1
            over = np.zeros(len(some), np.bool_)
            for row in going.tolist():
                obs[row], _, over[row], _, _ = some[row].step(int(action[row]))
            going = going[~over[going]]
            if not len(going):
                break
        words.extend(tuple(env.sentence) for env in some)
    rewards = np.array([envs[0].worth(sentence) for sentence in words])
    return Sentences(words, rewards, likelihood, choices)


@torch.no_grad()
def perplexity_of(q_net: LanguageNetwork, sentences: Sequence[Sequence[int]], longest: int) -> float:
    """Return the perplexity of the language model on sentences, at least one.

    The end of a sentence of `longest` words is no choice, and does not count.

    Args:
        q_net: on the CPU; has the model.
        sentences: as numbers of words.
        longest: most words of a sentence.
    """
    likelihood, choices = 0.0, 0
    for first in range(0, len(sentences), _ROWS):
        chosen = [[*sentence, END][:longest] for sentence in sentences[first : first + _ROWS]]
        lengths = torch.tensor([len(words) for words in chosen])
        target = torch.full((len(chosen), int(lengths.max())), END)
        for row, words in enumerate(chosen):
            target[row, : len(words)] = torch.tensor(words)
        before = torch.cat([torch.full((len(chosen), 1), END), target[:, :-1]], 1)
        place = torch.arange(target.shape[1]).expand(len(chosen), -1)
        nothing = torch.zeros(target.shape)
        obs = {"word": before, "count": place, "so_far": nothing.unsqueeze(2)}
        log_p = prior_of(q_net, q_net.look(Window(Inputs(obs, before, nothing))))
        taken = log_p.gather(2, target.unsqueeze(2)).squeeze(2)[place < lengths[:, None]]
        likelihood += float(taken.double().sum())
        choices += len(taken)
    return perplexity(likelihood, choices)


def _inputs(obs: Sequence[dict[str, Any]]) -> Inputs:
    """Return observations of N environments as one step; the network reads neither actions nor rewards."""
    stacked = {key: torch.from_numpy(np.stack([one[key] for one in obs])) for key in obs[0]}
    return Inputs(stacked, stacked["word"], torch.zeros(len(obs)))
