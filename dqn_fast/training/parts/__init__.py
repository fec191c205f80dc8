"""Builds the parts of a run from its configuration.

Functions `build_*` take a configuration. Functions `make_*`, elsewhere, take arguments, and do not know
configurations.
"""

from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.envs import build_env, build_environments
from dqn_fast.training.parts.loop import build_loop
from dqn_fast.training.parts.networks import build_q_net
from dqn_fast.training.parts.replay import build_batch_source, build_buffer

__all__ = [
    "build_agent",
    "build_batch_source",
    "build_buffer",
    "build_env",
    "build_environments",
    "build_loop",
    "build_q_net",
]
