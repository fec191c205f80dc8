"""Hand-written ways that are faster than PyTorch's own; each has a fallback that uses PyTorch alone.

The rest of the agent imports from here, and from none of the modules inside. They know networks, and nothing
else of the agent.
"""

from dqn_fast.agent.fast.backward import Differentiable, Values, make_differentiable
from dqn_fast.agent.fast.denormals import FlushDenormals
from dqn_fast.agent.fast.q_values import QValues, make_q_values
from dqn_fast.agent.fast.torch_private import AdamStep, make_adam_step

__all__ = [
    "AdamStep",
    "Differentiable",
    "FlushDenormals",
    "QValues",
    "Values",
    "make_adam_step",
    "make_differentiable",
    "make_q_values",
]
