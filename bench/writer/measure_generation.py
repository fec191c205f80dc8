"""Measure writing with a key-value cache: `python bench/writer/measure_generation.py`.

A small GPT writes by its own choices, one word after another, with weights as they were drawn; without a
cache it reads all words so far again for each. Both ways must choose the same words. The figures go to
generation.jsonl beside this file, and the table is made from there; with `--table`, nothing else is done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from dqn_fast.agent import GPT, LanguageModel
from dqn_fast.training.run_folder.table import markdown_table

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README, Part

HERE = Path(__file__).parent
RESULTS = HERE / "generation.jsonl"
PART = Part("generation", "python bench/writer/measure_generation.py")
Way = Callable[[LanguageModel, int, int], Tensor]
WIDTH, LAYERS, HEADS, WORDS = 128, 4, 4, 2_001
LENGTHS, BATCHES = (64, 128), (1, 32)


@dataclass(frozen=True)
class Figures:
    """Processor seconds of one thread for all sentences together.

    Attributes:
        batch: sentences.
        length: words of each.
        times: that each way was measured.
        cached: each word read once; the median.
        anew: all words so far read for each word; the median.
    """

    batch: int
    length: int
    times: int
    cached: float
    anew: float


def by_cache(model: LanguageModel, batch: int, length: int) -> Tensor:
    """Return the likeliest words, `(batch, length)`; the model keeps what it has read."""
    word, state, written = torch.zeros(batch, 1, dtype=torch.int64), model.start(batch), []
    for _ in range(length):
        features, state = model(word, state)
        word = model.logits(features[:, 0]).argmax(1, keepdim=True)
        written.append(word)
    return torch.cat(written, 1)


def anew(model: LanguageModel, batch: int, length: int) -> Tensor:
    """Return the same, with all words read again for each."""
    words = torch.zeros(batch, 1, dtype=torch.int64)
    for _ in range(length):
        features, _ = model(words)
        words = torch.cat([words, model.logits(features[:, -1]).argmax(1, keepdim=True)], 1)
    return words[:, 1:]


@torch.no_grad()
def measure(batch: int, length: int, times: int) -> Figures:
    """Measure both ways in turn."""
    generator = torch.Generator().manual_seed(0)
    model = LanguageModel(
        WORDS, WIDTH, lambda size, source: GPT(size, WIDTH, LAYERS, HEADS, length, source), generator
    )
    by_cache(model, 1, 8)  # what is loaded at the first call is not measured
    seconds: dict[Way, list[float]] = {by_cache: [], anew: []}
    for _ in range(times):
        written = []
        for way, measured in seconds.items():
            begin = time.process_time()
            written.append(way(model, batch, length))
            measured.append(time.process_time() - begin)
        if not torch.equal(*written):
            raise SystemExit(f"generation: got other words with a cache, batch {batch}, length {length}")
    cached, read_anew = (round(median(measured), 4) for measured in seconds.values())
    return Figures(batch, length, times, cached, read_anew)


def markdown(found: Sequence[Figures]) -> str:
    """Return what stands between the markers."""
    columns = {
        "sentences": [str(one.batch) for one in found],
        "words of each": [str(one.length) for one in found],
        "cached, words/s": [f"{one.batch * one.length / one.cached:,.0f}" for one in found],
        "anew, words/s": [f"{one.batch * one.length / one.anew:,.0f}" for one in found],
        "times": [f"{one.anew / one.cached:.1f}" for one in found],
    }
    return "\n".join(
        [
            f"A GPT of width {WIDTH}, {LAYERS} layers, {HEADS} heads and {WORDS:,} words, on one thread;",
            f"processor time, medians of {found[0].times}. Both ways write the same words.",
            "",
            markdown_table(columns, left=()),
        ]
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="make the table from the figures that are there")
    parser.add_argument("--times", type=int, default=3, help="how often each way is measured")
    parser.add_argument("--readme", type=Path, default=README)
    options = parser.parse_args()
    if not options.table:
        torch.set_num_threads(1)
        figures = [measure(batch, length, options.times) for batch in BATCHES for length in LENGTHS]
        RESULTS.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in figures), encoding="utf-8")
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    PART.write(options.readme, markdown([Figures(**json.loads(line)) for line in lines]))


if __name__ == "__main__":
    main()
