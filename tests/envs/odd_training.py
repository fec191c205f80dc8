"""What the tests of odd environments share: a short training by the command, and parts of its lines."""

from __future__ import annotations

from pathlib import Path

from dqn_fast.cli import main

SHORT = (
    "--total-steps 60 --learning-starts 20 --hidden-sizes 8 --eval-episodes 2 --selection-period 0 --no-video"
)
OLD = r"the API before Gymnasium 0\.26: wrap the environment, by shimmy's"
AT = "X-v0, step 3 of an episode: "
GOT = AT + "observation: got "


def train(folder: Path, env_id: str, options: str = "") -> int:
    return main(["train", env_id, *SHORT.split(), "--output", str(folder / "run"), *options.split()])
