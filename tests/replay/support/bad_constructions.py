"""Bad options of a constructor, and bad first steps of a buffer that learns its shapes from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from replay.support.bad_inputs import LEFT_OUT

# Constructor arguments of a prioritised buffer.
BAD_CONSTRUCTIONS: list[tuple[str, Any, type[Exception], str]] = [
    ("capacity", 0, ValueError, "0"),
    ("capacity", -5, ValueError, "-5"),
    ("capacity", 1, ValueError, "1"),  # for two environments
    ("capacity", 10.5, TypeError, "10.5"),
    ("capacity", "many", TypeError, "many"),
    ("num_envs", 0, ValueError, "0"),
    ("num_envs", 1.5, TypeError, "1.5"),
    ("n_step", 0, ValueError, "0"),
    ("n_step", 2.5, TypeError, "2.5"),
    ("gamma", -0.01, ValueError, "-0.01"),
    ("gamma", 1.01, ValueError, "1.01"),
    ("gamma", np.nan, ValueError, "nan"),
    ("gamma", "all", TypeError, "all"),
    ("reserve", -0.5, ValueError, "-0.5"),
    ("reserve", np.nan, ValueError, "nan"),
    ("reserve", np.inf, ValueError, "inf"),
    ("frame_stack", 0, ValueError, "0"),
    ("frame_stack", -2, ValueError, "-2"),
    ("frame_stack", 1.5, TypeError, "1.5"),
    ("frame_stack", "four", TypeError, "four"),
    ("frame_stack", None, TypeError, "None"),
    ("frame_axis", 0.5, TypeError, "0.5"),
    ("frame_axis", None, TypeError, "None"),
    ("autoreset", "never", ValueError, "never"),
    ("draw_by", "episode", ValueError, "episode"),
    ("draw_by", None, ValueError, "None"),
    ("autoreset", 1, (ValueError, TypeError), "1"),
    ("seed", -1, ValueError, "-1"),
    ("seed", 0.5, TypeError, "0.5"),
    ("alpha", -0.1, ValueError, "-0.1"),
    ("alpha", np.nan, ValueError, "nan"),
    ("alpha", np.inf, ValueError, "inf"),
    ("alpha", 1e308, ValueError, r"1e\+308"),
    ("beta", -0.1, ValueError, "-0.1"),
    ("beta", np.nan, ValueError, "nan"),
    ("priority_eps", -1e-9, ValueError, "-1e-09"),
    ("priority_eps", np.inf, ValueError, "inf"),
    ("weight_normalization", "max", ValueError, "max"),
    ("weight_normalization", None, (ValueError, TypeError), "None"),
    ("observation_space", "Box", TypeError, "Box|str"),
    ("action_space", 4, TypeError, "4|int"),
    ("extra_fields", {"reward": ((), "float32")}, ValueError, "reward"),
    ("extra_fields", {"mask": ((), "float32")}, ValueError, "mask"),
    ("extra_fields", {"a": ((), "object")}, TypeError, "object"),
    ("extra_fields", {"a": ((-1,), "float32")}, ValueError, "-1"),
    ("extra_fields", {"a": ((2,), "float33")}, TypeError, "float33"),
    ("extra_fields", {"a": "float32"}, (ValueError, TypeError), "float32"),
    ("extra_fields", ["a"], TypeError, "a"),
]

# Stacks that do not fit the observations of a first step, or of a space: three numbers, or
# {"a": three numbers, "in": {"b": two}}.
BAD_STACKS: list[tuple[str, dict[str, Any], str, str]] = [
    ("array", {"frame_stack": 2}, "frame_stack", "2"),
    ("array", {"frame_stack": 4}, "frame_stack", "4"),
    ("array", {"frame_stack": 3, "frame_axis": 1}, "frame_axis", "1"),
    ("array", {"frame_stack": 3, "frame_axis": -2}, "frame_axis", "-2"),
    ("array", {"frame_stack": {"a": 3}}, "frame_stack", "a"),
    ("dict", {"frame_stack": 3}, "frame_stack", "3"),
    ("dict", {"frame_stack": {"a": 2}}, "frame_stack", "2"),
    ("dict", {"frame_stack": {"in": 2}}, "frame_stack", "in"),
    ("dict", {"frame_stack": {"other": 3}}, "frame_stack", "other"),
    ("dict", {"frame_stack": {"in": {"b": 0}}}, "frame_stack", "0"),
    ("dict", {"frame_stack": {"a": 3}, "frame_axis": {"a": 1}}, "frame_axis", "1"),
    ("dict", {"frame_stack": {"a": 3}, "frame_axis": {"c": 0}}, "frame_axis", "c"),
]

# First steps of a buffer that knows no shapes yet.
BAD_FIRST_STEPS: list[tuple[str, Any, type[Exception]]] = [
    ("obs", "left", TypeError),
    ("obs", None, TypeError),
    ("obs", np.zeros(3, complex), TypeError),
    ("obs", np.array([None] * 3), TypeError),
    ("next_obs", np.zeros(4, np.float32), ValueError),
    ("next_obs", "right", TypeError),
    ("action", "left", TypeError),
    ("reward", "much", TypeError),
    ("reward", np.zeros(2), ValueError),
    ("terminated", "no", TypeError),
    ("log_prob", "low", TypeError),
    ("log_prob", LEFT_OUT, TypeError),
    ("colour", 1, TypeError),
    ("priority", np.nan, ValueError),
    ("priority", -1.0, ValueError),
    ("obs", {}, (ValueError, TypeError)),
    ("next_obs", {"a": np.zeros(3)}, (ValueError, TypeError)),
    ("final_obs", np.zeros(3), TypeError),
]
