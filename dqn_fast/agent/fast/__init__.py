"""Hand-written ways that are faster than PyTorch's own; each has a fallback that uses PyTorch alone.

The rest of the agent imports from here, and from none of the modules inside.
"""

from dqn_fast.agent.fast.backward import Differentiable, Values, make_differentiable
from dqn_fast.agent.fast.denormals import FlushDenormals
from dqn_fast.agent.fast.q_values import QValues, make_q_values

__all__ = [
    "Differentiable",
    "FlushDenormals",
    "QValues",
    "Values",
    "make_differentiable",
    "make_q_values",
]
