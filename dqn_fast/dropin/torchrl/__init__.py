"""For torchrl: its prioritised sampler over the C++ trees; storage, writer and buffer stay torchrl's.

>>> import torch
>>> from torchrl.data import LazyTensorStorage, ReplayBuffer
>>> from dqn_fast.dropin.torchrl import PrioritizedSampler
>>> sampler = PrioritizedSampler(max_capacity=100, alpha=0.7, beta=0.9)
>>> buffer = ReplayBuffer(storage=LazyTensorStorage(100), sampler=sampler, batch_size=32)
>>> index = buffer.extend(torch.arange(50.0))
>>> batch, info = buffer.sample(return_info=True)
>>> buffer.update_priority(info["index"], torch.rand(32))

It needs none of torchrl's compiled trees, which load only beside the very torch that they were made for.
"""

from dqn_fast.dropin.torchrl.sampler import PrioritizedSampler

__all__ = ["PrioritizedSampler"]
