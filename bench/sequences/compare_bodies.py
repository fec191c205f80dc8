"""Compare how a body reads texts, and what it takes in memory: `python bench/sequences/compare_bodies.py`.

A text grows by a token at a time, as where an agent writes: GPT-2 goes on from the keys and values that it
keeps, or reads the whole text anew. Processor seconds of one thread count. Then agents
are made on it, and the bytes of all their tensors are counted. bench/README.md gets the result.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from gymnasium import spaces
from torch import Tensor, nn

from dqn_fast.agent.networks.pretrained import CausalBody, load_pretrained
from dqn_fast.training import TrainConfig
from dqn_fast.training.parts import build_agent

sys.path.append(str(Path(__file__).parents[1]))  # what folders share

from readme_parts import README, Part

PART = Part("bodies", "python bench/sequences/compare_bodies.py")
WORDS, WIDTH, LAYERS, HEADS = 5_000, 128, 4, 4
LENGTHS, BATCHES = (64, 128), (1, 32)


class Way(NamedTuple):
    """How a model reads a text that grows.

    Attributes:
        cached: reads all columns of tokens `(B, T)` one by one, with a state; returns the last features.
        anew: reads the columns so far.
    """

    cached: Callable[[Tensor], Tensor]
    anew: Callable[[Tensor], Any]


def pretrained(folder: Path) -> Way:
    """Return GPT-2 by transformers."""
    found = load_pretrained(str(folder))
    body = CausalBody(found.net, found.config)

    def cached(tokens: Tensor) -> Tensor:
        features, state = tokens, body.start(len(tokens))
        for column in torch.split(tokens, 1, 1):
            features, state = body(column, state)
        return features

    return Way(cached, lambda tokens: found.net(tokens, use_cache=False))


@torch.no_grad()
def times_as_long(way: Way, batch: int, length: int, repeats: int = 1) -> float:
    """Return how many times as long a batch of texts takes that is read anew at each token."""
    tokens = torch.randint(1, WORDS, (batch, length), generator=torch.Generator().manual_seed(0))
    way.cached(tokens[:, :4])  # warms up
    seconds = [0.0, 0.0]
    for _ in range(repeats):
        begin = time.process_time()
        way.cached(tokens)
        middle = time.process_time()
        for until in range(1, length + 1):
            way.anew(tokens[:, :until])
        seconds[0] += middle - begin
        seconds[1] += time.process_time() - middle
    return seconds[1] / seconds[0]


def shares_of_memory(folder: Path) -> Iterator[tuple[str, float]]:
    """Give how many floats an agent takes for each parameter of its body, in each way to learn."""
    for weights in ("frozen", "shared", "trained"):
        settings: dict[str, Any] = {"body": f"hf:{folder}", "body_weights": weights}
        config = TrainConfig("Texts", network="gpt", hidden_sizes=(), **settings)
        agent = build_agent(config, spaces.Discrete(WORDS), spaces.Discrete(4))
        net: Any = agent.q_net.body.net
        held = net._module[0] if weights == "frozen" else net
        parts: list[nn.Module] = [agent.q_net, agent.target.target_net, held]
        tensors = [one for part in parts for one in (*part.parameters(), *part.buffers())]
        tensors += [agent.parameters.gradient, *agent.optimizer.state_dict().values()]
        storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors}
        yield weights, sum(storages.values()) / (4 * sum(one.numel() for one in held.parameters()))


def save_random(folder: Path, longest: int) -> None:
    """Save a GPT-2 of random weights."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    config = transformers.GPT2Config(
        vocab_size=WORDS, n_positions=longest, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)


def text_of(ratios: list[float], shares: dict[str, float]) -> str:
    """Return what stands between the markers.

    Args:
        ratios: times as long, for each batch and length.
        shares: floats for each parameter of a body.
    """
    cells = [f"{length} tokens, batch {batch}" for batch in BATCHES for length in LENGTHS]
    lines = [
        f"A text grows by a token at a time, and GPT-2 by transformers reads it: width {WIDTH},",
        f"{LAYERS} layers, {HEADS} heads, one thread. Times as long to read it anew at each token, as to",
        "go on from the keys and values that are kept:",
        "",
        f"| {' | '.join(cells)} |",
        f"|{' ---: |' * len(cells)}",
        f"| {' | '.join(f'{one:.1f}' for one in ratios)} |",
        "",
        "Floats that an agent takes for each parameter of its body (network, target, gradient and Adam",
        "together): " + ", ".join(f"{name} {share:.2f}" for name, share in shares.items()) + ".",
    ]
    return "\n".join(lines)


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_random(folder, max(LENGTHS))
        way = pretrained(folder)
        ratios = [times_as_long(way, batch, length) for batch in BATCHES for length in LENGTHS]
        text = text_of(ratios, dict(shares_of_memory(folder)))
    PART.write(README, text)


if __name__ == "__main__":
    main()
