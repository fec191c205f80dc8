"""Hand-written code that is faster than PyTorch's own; each piece has a fallback in plain PyTorch.

The rest of the agent imports from here, and from no module inside. The modules inside know networks, and
nothing else of the agent.
"""

from dqn_fast.agent.fast.backward import Differentiable, Values, make_differentiable
from dqn_fast.agent.fast.denormals import FlushDenormals
from dqn_fast.agent.fast.q_values import (
    QValues,
    as_array,
    as_tensor,
    core_rows,
    device_of,
    make_q_values,
    tensor_maker,
)
from dqn_fast.agent.fast.repeated import repeated
from dqn_fast.agent.fast.torch_private import (
    AdamState,
    AdamStep,
    GuardedAdamStep,
    make_adam_step,
    make_guarded_adam_step,
)

__all__ = [
    "AdamState",
    "AdamStep",
    "Differentiable",
    "FlushDenormals",
    "GuardedAdamStep",
    "QValues",
    "Values",
    "as_array",
    "as_tensor",
    "core_rows",
    "device_of",
    "make_adam_step",
    "make_differentiable",
    "make_guarded_adam_step",
    "make_q_values",
    "repeated",
    "tensor_maker",
]
