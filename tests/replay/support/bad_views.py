"""Bad inputs of the views of several steps and of `extend_context`: a part of the table in bad_inputs.py."""

from __future__ import annotations

from typing import Any

import numpy as np

# The call, the argument that is wrong, what came, the exception, and what its message says came.
BAD_VIEWS: list[tuple[str, str, Any, type[Exception], str]] = [
    ("sequences", "batch_size", 0, ValueError, "0"),
    ("sequences", "batch_size", 2.5, TypeError, "2.5"),
    ("sequences", "length", 0, ValueError, "0"),
    ("sequences", "length", "all", TypeError, "all"),
    ("sequences", "length", 2**31, ValueError, "2147483648"),
    ("sequences", "burn_in", -1, ValueError, "-1"),
    ("sequences", "burn_in", None, TypeError, "None"),
    ("sequences", "n_step", 0, ValueError, "0"),
    ("sequences", "n_step", 2**30, ValueError, "1073741824"),
    ("sequences", "gamma", 1.5, ValueError, "1.5"),
    ("sequences", "beta", -0.5, ValueError, "-0.5"),
    ("sequences", "out", 3, ValueError, "3"),
    ("empty sequences", "length", 0, ValueError, "0"),
    ("empty sequences", "pin_memory", True, ValueError, "torch=True"),
    ("segments", "batch_size", None, ValueError, "None"),
    ("segments", "batch_size", 0, ValueError, "0"),
    ("segments", "batch_size", 1.5, TypeError, "1.5"),
    ("segments", "max_rows", 0, ValueError, "0"),
    ("segments", "max_rows", "many", TypeError, "many"),
    ("segments", "max_rows", 2**31, ValueError, "2147483648"),
    ("segments", "n_step", -2, ValueError, "-2"),
    ("segments", "gamma", np.nan, ValueError, "nan"),
    ("segments", "beta", np.inf, ValueError, "inf"),
    ("rows", "obs", np.zeros((4, 2), np.float32), ValueError, r"\(4, 2\)"),
    ("rows", "obs", np.zeros((4, 3), complex), TypeError, "complex"),
    ("rows", "obs", np.float32(1), ValueError, "row for each"),
    ("rows", "env", 1, IndexError, "1"),
    ("rows of two", "env", -1, IndexError, "-1"),
    ("rows of two", "obs", np.zeros((4, 3), np.float32), ValueError, r"\(4, 3\)"),
]
