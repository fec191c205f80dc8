"""What a run of `dqn_fast/Writer-v0` can write: its sentences beside those of others, measured.

The others are the language model itself, the best of 16 of its sentences, and the myopic rule, which weighs
the model's words by what each earns at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dqn_fast.agent import LanguageNetwork, PriorValues
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.tasks.writer import Writer
from dqn_fast.text import NGrams, distinct
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.sentences import Player, Sentences, perplexity_of, prior_of, write
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.reports.side_by_side import save_side_by_side
from dqn_fast.training.run_folder.model import load_model

_BEST_OF = 16
_AT_ONCE = 128  # sentences
_ENOUGH = 100  # effective samples, for an estimate
_SHOWN = 12  # sentences in the picture and the text


class _Writers:
    """A run's network, and environments to write in."""

    def __init__(self, folder: Path, config: TrainConfig, count: int) -> None:
        self.envs = [_writer(config) for _ in range(min(count, _AT_ONCE))]
        q_net = load_model(folder, config, self.envs[0])
        if not isinstance(q_net, LanguageNetwork):
            raise UsageError(
                f"{folder}: got a network without a language model, expected one of --objective bc or soft"
            )
        self.q_net = q_net.to("cpu")
        self.config = config

    def write(self, count: int, player: Player, seed: int, prompt: Sequence[int] = ()) -> Sentences:
        return write(self.q_net, self.envs, count, player, np.random.default_rng(seed), prompt)

    def ours(self, outputs: Tensor, envs: Sequence[Writer]) -> Tensor:
        """Choose as the run does."""
        return self.q_net.values(outputs)

    def model(self, outputs: Tensor, envs: Sequence[Writer]) -> Tensor:
        """Choose as the language model does."""
        return prior_of(self.q_net, outputs)

    def myopic(self, outputs: Tensor, envs: Sequence[Writer]) -> Tensor:
        """Weigh the language model's words by what they earn at once, as ours are by their values."""
        earned = torch.from_numpy(np.stack([env.earnings() for env in envs]))
        return prior_of(self.q_net, outputs) + (earned / self.config.soft_beta).float()

    def told(self, sentences: Sentences) -> list[str]:
        """Return some sentences as text, with their rewards."""
        text_of = self.envs[0].corpus.text_of
        shown = zip(sentences.words[:_SHOWN], sentences.rewards, strict=False)
        return [f"{reward:+.2f}  {text_of(words)}" for words, reward in shown]


def write_sentences(folder: Path, config: TrainConfig, prompt: str, count: int, seed: int) -> list[str]:
    """Return sentences of a run's model, each behind its reward.

    Args:
        folder: of the run, with its model.
        config: of the run.
        prompt: first words of every sentence; may be empty.
        count: sentences.
        seed: of what is drawn.

    Raises:
        SettingError: if there is to be no sentence, or the prompt is too long.
        UsageError: if the run is of another environment, has no model, or does not know a word of the prompt.
    """
    if count < 1:
        raise SettingError("n", count, "at least 1")
    writers = _Writers(folder, config, count)
    corpus, longest = writers.envs[0].corpus, writers.envs[0].longest
    words = corpus.numbers_of(prompt)
    if len(words) >= longest:
        raise SettingError("prompt", f"{len(words)} words", f"fewer than the {longest} of a sentence")
    found = writers.write(count, writers.ours, seed, words)
    pairs = zip(found.rewards, found.words, strict=True)
    return [f"{reward:+.2f}  {corpus.text_of(sentence)}" for reward, sentence in pairs]


def report_writing(folder: Path, config: TrainConfig) -> dict[str, Any]:
    """Measure what the model of a run writes, and save some of it beside the language model's.

    Returns:
        Figures by name for result.json: of our own sentences, and of others as dicts; and perplexity, that of
        the language model on sentences that were held out.
    """
    count, seed = config.eval_episodes, config.seeds.evaluation
    writers = _Writers(folder, config, count)
    corpus, beta = writers.envs[0].corpus, config.soft_beta
    judge = NGrams(corpus.of_judge, corpus.words[1:])

    def figures(some: Sentences) -> dict[str, float]:
        words = [[corpus.words[number] for number in sentence] for sentence in some.words]
        return {
            "reward": float(some.rewards.mean()),
            "perplexity_under_model": some.perplexity(),
            "judge": judge.perplexity(words),
            "distinct_2": distinct(words, 2),
            "length": float(np.mean([len(sentence) for sentence in words])),
        }

    ours = writers.write(count, writers.ours, seed)
    result = {
        **figures(ours),
        "perplexity": perplexity_of(writers.q_net, corpus.held_out, writers.envs[0].longest),
    }
    if not isinstance(writers.q_net.representation, PriorValues):
        return result
    many = writers.write(_BEST_OF * count, writers.model, seed)
    first = many.take(np.arange(count))
    save_side_by_side(
        folder, {"the language model": writers.told(first), "soft Q-learning, above it": writers.told(ours)}
    )
    return {
        **result,
        "model": figures(first),
        "best_of_16": figures(many.take(_best(many.rewards))),
        "myopic": figures(writers.write(count, writers.myopic, seed)),
        "optimum": optimum(many.rewards, beta),
    }


def writes(config: TrainConfig) -> bool:
    """Return whether a run has sentences to report: of `Writer`, by a language network."""
    if not config.learns_sequences or config.objective not in ("bc", "soft"):
        return False
    with closing(build_env(config)) as env:
        return isinstance(env.unwrapped, Writer)


def optimum(rewards: npt.NDArray[np.float64], beta: float) -> dict[str, float | None]:
    """Estimate what the best policy at a beta earns: the model's sentences, weighted by exp(reward / beta).

    Args:
        rewards: of sentences of the language model, `(N,)`.
        beta: what a nat of difference from the model costs.

    Returns:
        beta; reward, the weighted mean; and effective_samples, (Σ weight)² / Σ weight². Below 100 of these
        there is no estimate: the reward is None.
    """
    weights = np.exp((rewards - rewards.max()) / beta)
    effective = float(weights.sum() ** 2 / np.square(weights).sum())
    best = float(weights @ rewards / weights.sum())
    return {"beta": beta, "reward": best if effective >= _ENOUGH else None, "effective_samples": effective}


def _best(rewards: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the row of the largest of each 16 rewards."""
    best: npt.NDArray[np.int64] = rewards.reshape(-1, _BEST_OF).argmax(1)
    return best + np.arange(0, len(rewards), _BEST_OF)


def _writer(config: TrainConfig) -> Writer:
    with closing(build_env(config)) as env:
        if not isinstance(env.unwrapped, Writer):
            raise UsageError(
                f"{config.env_id}: got an environment that writes no text, expected dqn_fast/Writer-v0"
            )
        return env.unwrapped
