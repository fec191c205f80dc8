"""ratings.jsonl: the marks that people gave, a line each, with the steps of the text that was marked.

A line holds all that is needed to learn from its text: no weights, no seed and no other file. It is appended
in one write, so marks survive whatever ends the program, and a write that was cut costs its own line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dqn_fast import __version__, trees
from dqn_fast.errors import UsageError
from dqn_fast.training.run_folder.files import as_json, write_all, writing
from dqn_fast.training.run_folder.layout import RATINGS

#: Marks are whole numbers from the first to the second, the best one, with a middle.
WORST, BEST = 1, 5

_FORMAT = 1


class Text(NamedTuple):
    """An episode that an environment tells in words, with its steps.

    Attributes:
        words: what is read.
        obs: `(T + 1, ...)`, a tree of arrays; the last one is behind the last step.
        action: `(T,)` int64.
        reward: `(T,)` float64, the environment's own.
        terminated: whether it ended by termination; it was truncated otherwise.
    """

    words: str
    obs: Any
    action: npt.NDArray[np.int64]
    reward: npt.NDArray[np.float64]
    terminated: bool

    def digest(self) -> str:
        """Return what tells it from any other text: equal words, observations and actions give the same."""
        obs = [leaf.tobytes() for leaf in trees.leaves(self.obs)]
        parts = [self.words.encode(), self.action.tobytes(), *obs]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class Rating(NamedTuple):
    """A mark that a person gave to a text.

    Attributes:
        mark: from `WORST` to `BEST`.
        rater: name of the person; may be empty.
        agent: digest of the weights that made the text.
        epsilon: probability of a random action with which it was made.
        environment: what decides how the environment looks, by setting.
        text: that was marked.
    """

    mark: int
    rater: str
    agent: str
    epsilon: float
    environment: dict[str, Any]
    text: Text


class RatedText(NamedTuple):
    """A text, with the mean of the marks that it got: the last one of each person."""

    text: Text
    mark: float


def append_rating(path: Path, rating: Rating) -> None:
    """Append a mark to a file, which is created if missing. It is on the disk when this returns.

    Raises:
        WriteError: if it cannot be written; the marks before it are kept.
    """
    line = as_json({"format": _FORMAT, "version": __version__, **_encoded(rating)}, None)
    with writing(path), path.open("ab+", buffering=0) as file:
        if file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # the last write was cut: what is left of it is a line of its own
                line = f"\n{line}"
        write_all(file, f"{line}\n".encode())
        os.fsync(file.fileno())


def pinned(name: str) -> str:
    """Return a name of the marks that a run or a file has now, and not of those that people give later.

    Files only grow, so a number of bytes names a state of one: a run that starts over learns from the same.

    Args:
        name: of a folder or a file; one that was pinned stays as it is.

    Raises:
        UsageError: if the file cannot be read.
    """
    path, size = _parts(name)
    return name if size is not None else f"{path}:{len(_bytes(path))}"


def read_ratings(name: Path | str) -> list[Rating]:
    """Read all marks of a file, in the order in which they were given. Lines that were cut are left out.

    Args:
        name: of the file, of its folder, or what `pinned` returns for either.

    Raises:
        UsageError: if the file cannot be read, or a whole line is no mark of this version or an older one.
    """
    ratings, cut = [], []
    path, size = _parts(str(name))
    found = _bytes(path)
    if size is not None and len(found) < size:
        raise UsageError(f"{path}: got {len(found)} bytes, expected {size} or more: marks were deleted")
    for number, line in enumerate(found[:size].split(b"\n"), 1):
        try:
            content = json.loads(line) if line.strip() else None
        except ValueError:  # no part of an object is JSON
            cut.append(str(number))
            continue
        if content is not None:
            ratings.append(_decoded(f"{path}, line {number}", content))
    if cut:
        warnings.warn(f"{path}, line {', '.join(cut)}: got a part of a mark, left out", stacklevel=2)
    return ratings


def rated_texts(ratings: Iterable[Rating]) -> list[RatedText]:
    """Return each text once, in the order in which they first appear."""
    texts: dict[str, Text] = {}
    marks: dict[str, dict[str, int]] = {}
    for rating in ratings:
        digest = rating.text.digest()
        texts.setdefault(digest, rating.text)
        marks.setdefault(digest, {})[rating.rater] = rating.mark
    return [RatedText(text, float(np.mean(list(marks[digest].values())))) for digest, text in texts.items()]


def _parts(name: str) -> tuple[Path, int | None]:
    """Return the file of a name, and how many bytes of it are meant; None means all."""
    head, _, tail = name.rpartition(":")
    path, size = (Path(head), int(tail)) if head and tail.isdecimal() else (Path(name), None)
    return (path / RATINGS if path.is_dir() else path), size


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _encoded(rating: Rating) -> dict[str, Any]:
    text = rating.text
    return {
        "mark": rating.mark,
        "rater": rating.rater,
        "words": text.words,
        "agent": rating.agent,
        "epsilon": rating.epsilon,
        "environment": rating.environment,
        "terminated": text.terminated,
        "action": text.action.tolist(),
        "reward": text.reward.tolist(),
        "obs": trees.map(_packed, text.obs),
    }


def _decoded(place: str, line: Any) -> Rating:
    try:
        if line["format"] != _FORMAT:
            raise ValueError(f"format: got {line['format']}, expected {_FORMAT}")
        action = np.array(line["action"], np.int64)
        text = Text(
            str(line["words"]),
            trees.map(_unpacked, line["obs"]),
            action,
            np.array(line["reward"], np.float64),
            bool(line["terminated"]),
        )
        lengths = [len(text.reward), *(len(leaf) - 1 for leaf in trees.leaves(text.obs))]
        if not action.ndim == 1 <= len(action) or any(length != len(action) for length in lengths):
            raise ValueError(f"steps: got {len(action)} actions and {lengths} for them, expected as many")
        if not np.isfinite(text.reward).all():
            raise ValueError("reward: got one that is not finite, expected numbers")
        mark = line["mark"]
        if type(mark) is not int or not WORST <= mark <= BEST:
            raise ValueError(f"mark: got {mark!r}, expected {WORST} to {BEST}")
        rest = str(line["rater"]), str(line["agent"]), float(line["epsilon"]), dict(line["environment"])
        return Rating(mark, *rest, text)
    except (LookupError, TypeError, ValueError, zlib.error) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise UsageError(
            f"{place}: got {reason}, expected a mark of dqn_fast {__version__} or older"
        ) from error


def _packed(leaf: npt.NDArray[Any]) -> list[Any]:
    """Return an array as dtype, shape and bytes. A list is a leaf: trees are dicts."""
    data = zlib.compress(np.ascontiguousarray(leaf).tobytes())
    return [leaf.dtype.str, list(leaf.shape), base64.b64encode(data).decode()]


def _unpacked(leaf: Any) -> npt.NDArray[Any]:
    dtype, shape, data = leaf
    values = np.frombuffer(zlib.decompress(base64.b64decode(data)), np.dtype(dtype))
    array: npt.NDArray[Any] = values.reshape(shape)
    return array
