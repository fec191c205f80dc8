"""Measure updates of soft Q-learning by words: `python bench/writer/measure_updates.py`.

Values are needed of each word taken, and of all words where a step bootstraps. One way computes these, few
steps at a time; the other one, its slow twin, the values of all words at all steps. Their gradients must have
the same norm. The figures go to updates.jsonl beside this file, and the table is made from there; with
`--table`, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from dqn_fast.agent import (
    Cells,
    FlatParameters,
    Inputs,
    LanguageNetwork,
    PriorValues,
    Recurrent,
    SoftObjective,
    Window,
    make_language_net,
    squared_error,
)
from dqn_fast.agent.fast import Differentiable, make_differentiable
from dqn_fast.agent.fast.by_cells import ByCells
from dqn_fast.training.run_folder.table import markdown_table
from dqn_fast.word_actions import WordActions

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

RESULTS = Path(__file__).with_name("updates.jsonl")
PART = Part("word updates", "python bench/writer/measure_updates.py")
VOCABULARIES = (2_001, 30_001)
SENTENCES, LONGEST, UNITS, RANK, BETA = 64, 16, 128, 64, 0.125
WAYS: dict[str, Callable[[LanguageNetwork], Differentiable]] = {
    "the word taken": make_differentiable,
    "all words": ByCells,
}


@dataclass(frozen=True)
class Figures:
    """What one way takes.

    Attributes:
        words: of the vocabulary.
        way: a name in `WAYS`.
        milliseconds: of the processor, for the losses of a batch and their gradients; the median.
        mebibytes: by which the process grew at most.
        norm: of the gradient.
    """

    words: int
    way: str
    milliseconds: float
    mebibytes: float
    norm: float


def measure(words: int, way: str, times: int) -> Figures:
    """Measure one way in this process, which must be a fresh one."""
    torch.set_num_threads(1)
    net, target, batch = make_net(words, 0), make_net(words, 1), make_batch(words)
    gradient = FlatParameters(net).gradient
    values, target_values = WAYS[way](net), WAYS[way](target)
    objective, seconds, before = SoftObjective(PriorValues(BETA), squared_error), [], peak()
    for _ in range(times + 1):
        gradient.zero_()
        begin = time.process_time()
        with torch.no_grad():
            outputs, backward = values.trace(batch.obs, batch.action)
            backward(objective(outputs, batch, values, target_values).gradient)
        seconds.append(time.process_time() - begin)
    milliseconds = 1e3 * median(seconds[1:])  # the first one loads what is loaded once
    return Figures(words, way, milliseconds, (peak() - before) / 1024, float(gradient.norm()))


def peak() -> int:
    """Return the most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def make_net(words: int, seed: int) -> LanguageNetwork:
    """Return a GRU as language model, and values of words above it."""
    space = spaces.Dict(
        {
            "word": spaces.Discrete(words),
            "count": spaces.Discrete(LONGEST + 1),
            "so_far": spaces.Box(-np.inf, np.inf, (1,), np.float32),
        }
    )
    return make_language_net(
        space,
        WordActions(["", *map(str, range(1, words))], 3),
        lambda inputs, generator: Recurrent("gru", inputs, UNITS, generator),
        torch.Generator().manual_seed(seed),
        width=UNITS,
        values=PriorValues(BETA),
        rank=RANK,
    )


def make_batch(words: int) -> Any:
    """Return whole sentences of random words, of 4 words to the most."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(4, LONGEST + 1, (SENTENCES, 1), generator=generator)
    text = torch.randint(1, words, (SENTENCES, LONGEST + 1), generator=generator)
    text[:, 0] = 0
    place = torch.arange(LONGEST).expand(SENTENCES, -1)
    nothing = torch.zeros(SENTENCES, LONGEST)
    obs = {"word": text[:, :-1], "count": place, "so_far": nothing.unsqueeze(2)}
    window = Window(Inputs(obs, text[:, :-1], nothing))
    cells, goes_on = (place < lengths).flatten(), (place < lengths - 1).flatten()
    at = cells.nonzero().squeeze(1)

    def taken(everywhere: Tensor) -> Tensor:
        return everywhere.flatten()[at]

    return SimpleNamespace(
        obs=Cells(window, at),
        next_obs=Cells(window, at + goes_on[at]),
        action=taken(text[:, 1:]),
        reward=taken(torch.randn(SENTENCES, LONGEST, generator=generator)),
        discount=goes_on[at].float(),
    )


def markdown(found: Sequence[Figures]) -> str:
    """Return what stands between the markers."""
    columns = {
        "words": [f"{one.words:,}" for one in found],
        "values of": [one.way for one in found],
        "ms": [f"{one.milliseconds:,.0f}" for one in found],
        "MiB": [f"{one.mebibytes:.0f}" for one in found],
    }
    return "\n".join(
        [
            f"Losses and gradients of {SENTENCES} sentences by soft Q-learning, one thread: processor time",
            "(medians), and how much the process grew at most.",
            "",
            markdown_table(columns, left=("values of",)),
        ]
    )


def _in_a_process(words: int, way: str, times: int) -> Figures:
    command = [sys.executable, __file__, "--one", str(words), way, "--times", str(times)]
    return Figures(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="make the table from the figures that are there")
    parser.add_argument("--times", type=int, default=5, help="how often each way is measured")
    parser.add_argument("--one", nargs=2, metavar=("WORDS", "WAY"), help="measure one way, and print it")
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if options.one:
        found = measure(int(options.one[0]), options.one[1], options.times)
        sys.stdout.write(json.dumps(asdict(found)))
        return
    if not options.table:
        figures = [_in_a_process(words, way, options.times) for words in VOCABULARIES for way in WAYS]
        for one, other in zip(figures[::2], figures[1::2], strict=True):
            if abs(one.norm - other.norm) > 1e-4 * one.norm:
                raise SystemExit(
                    f"updates: got gradients of {one.norm} and {other.norm}, expected equal ones"
                )
        RESULTS.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in figures), encoding="utf-8")
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    PART.write(options.readme, markdown([Figures(**json.loads(line)) for line in lines]))


if __name__ == "__main__":
    main()
