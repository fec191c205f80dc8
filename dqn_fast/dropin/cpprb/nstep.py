"""n-step returns of rows that arrive in order, as cpprb's option `Nstep` defines them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

Row = dict[str, Any]


class NStepWindow:
    """Holds the newest n - 1 rows until their returns are known.

    Args:
        options: `{"size": n, "rew": names to sum, "gamma": 0.99, "next": names to take from the last row}`.
        fields: names of the values in a row; `"done"` is one of them.

    Raises:
        KeyError: if an option names a value that a row lacks.
        ValueError: if the size is less than 1.
    """

    def __init__(self, options: Mapping[str, Any], fields: Iterable[str]) -> None:
        self._size, self._gamma = int(options["size"]), float(options.get("gamma", 0.99))
        if self._size < 1:
            raise ValueError(f"Nstep['size']: got {self._size}, expected at least 1")
        self._rewards, self._nexts = (np.atleast_1d(options.get(key, [])).tolist() for key in ("rew", "next"))
        if missing := {"done", *self._rewards, *self._nexts} - set(fields):
            raise KeyError(f"env_dict: got no {sorted(missing)}, expected what Nstep names, and done")
        self._rows: deque[Row] = deque(maxlen=self._size)

    def add(self, rows: Mapping[str, Any]) -> Row | None:
        """Add rows, as arrays of one length; return those that now have n rewards, or None."""
        ready = []
        for row in range(len(rows["done"])):
            self._rows.append({name: values[row] for name, values in rows.items()})
            if len(self._rows) == self._size:
                ready.append(self._first())
                self._rows.popleft()
        return _joined(ready)

    def finish(self) -> Row | None:
        """Remove and return the rows that are left, each with the rewards it has, or None."""
        ready = []
        while self._rows:
            ready.append(self._first())
            self._rows.popleft()
        return _joined(ready)

    def _first(self) -> Row:
        first = dict(self._rows[0])
        sums = {name: np.zeros(np.shape(first[name])) for name in self._rewards}
        factor, going = 1.0, 1.0
        for row in self._rows:
            for name in self._rewards:
                sums[name] += factor * going * row[name]
            factor, going = factor * self._gamma, going * (1.0 - float(row["done"].item()))
            last = row
            if not going:
                break
        for name in self._rewards:
            first[name] = sums[name].astype(first[name].dtype)
        first.update({name: last[name] for name in self._nexts})
        first["done"] = np.asarray(1.0 - going, first["done"].dtype).reshape(first["done"].shape)
        return first


def _joined(rows: list[Row]) -> Row | None:
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else None
