"""group.json: the results of several seeds, one by one and together."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from dqn_fast.training.run_folder.files import as_json, atomic_write
from dqn_fast.training.run_folder.layout import MULTI_SEED_RESULT
from dqn_fast.training.run_folder.result import Result

Status = Literal["done", "interrupted", "failed"]


class Outcome(NamedTuple):
    """The outcome of one seed.

    Attributes:
        seed: of the run.
        folder: of the run.
        status: whether the run was finished, interrupted by Ctrl-C, or failed.
        result: content of its result.json; None if there is none.
    """

    seed: int
    folder: Path
    status: Status
    result: Result | None

    def __str__(self) -> str:
        result = self.result
        if result is None or result.eval_return_mean is None:
            return self.status if result is None else f"{self.status} after {result.steps:,} {result.unit}"
        score = f"return {result.eval_return_mean:.1f} ± {result.eval_return_std:.1f}"
        if result.last_return_mean is not None and result.model_step != result.steps:
            score += f" (last weights: {result.last_return_mean:.1f} ± {result.last_return_std:.1f})"
        return score if self.status == "done" else f"{score}, then {self.status}"


class MultiSeedResult(NamedTuple):
    """The outcomes of all seeds that were started.

    Attributes:
        env_id: Gymnasium id of the environment.
        outcomes: one for each seed, in order of the seeds.
        interrupted: whether Ctrl-C ended the runs early.
    """

    env_id: str
    outcomes: list[Outcome]
    interrupted: bool

    @property
    def scores(self) -> list[float]:
        """Mean evaluation return of each seed that has one."""
        means = [outcome.result.eval_return_mean for outcome in self.outcomes if outcome.result]
        return [mean for mean in means if mean is not None]

    @property
    def last_scores(self) -> list[float]:
        """Mean evaluation return of the last weights of each seed that has one."""
        means = [outcome.result.last_return_mean for outcome in self.outcomes if outcome.result]
        return [mean for mean in means if mean is not None]

    @property
    def failed(self) -> list[int]:
        """Seeds whose run failed."""
        return [outcome.seed for outcome in self.outcomes if outcome.status == "failed"]

    def __str__(self) -> str:
        scores = self.scores
        if not scores:
            return "no seed was evaluated"
        last = self.last_scores
        differ = len(last) == len(scores) and last != scores
        weights = f" (last weights: {np.mean(last):.1f} ± {np.std(last):.1f})" if differ else ""
        return (
            f"return {np.mean(scores):.1f} ± {np.std(scores):.1f}{weights} over {len(scores)} seeds (ε = 0)"
        )


def save_multi_seed_result(folder: Path, result: MultiSeedResult) -> None:
    """Write group.json."""
    scores, last = result.scores, result.last_scores
    content = {
        "env_id": result.env_id,
        "eval_return_mean": float(np.mean(scores)) if scores else None,
        "eval_return_std_over_seeds": float(np.std(scores)) if scores else None,
        "last_return_mean": float(np.mean(last)) if last else None,
        "last_return_std_over_seeds": float(np.std(last)) if last else None,
        "evaluated_seeds": len(scores),
        "interrupted": result.interrupted,
        "seeds": [
            {
                "seed": outcome.seed,
                "folder": outcome.folder.name,
                "status": outcome.status,
                "result": outcome.result and outcome.result.flat(),
            }
            for outcome in result.outcomes
        ],
    }
    with atomic_write(folder / MULTI_SEED_RESULT) as path:
        path.write_text(as_json(content) + "\n", encoding="utf-8")
