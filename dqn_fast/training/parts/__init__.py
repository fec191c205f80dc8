"""From a configuration to the parts of a run.

Here belongs what reads settings to make a part. What is called `build_*` takes a configuration; what is
called `make_*`, elsewhere, takes arguments, and knows of no configuration.
"""

from dqn_fast.training.parts.agent import build_agent, build_q_net
from dqn_fast.training.parts.envs import build_env, build_environments
from dqn_fast.training.parts.loop import build_loop
from dqn_fast.training.parts.replay import build_buffer, build_experience

__all__ = [
    "build_agent",
    "build_buffer",
    "build_env",
    "build_environments",
    "build_experience",
    "build_loop",
    "build_q_net",
]
