"""Makes the modules of bench/ and of its folders importable."""

from __future__ import annotations

import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
sys.path += [
    str(BENCH),
    *(str(path) for path in BENCH.iterdir() if path.is_dir() and path.name[0] not in "_."),
]
