from __future__ import annotations

from importlib.util import find_spec

# The agent is an extra: without PyTorch these tests have nothing to test.
collect_ignore_glob = ["test_*.py"]

if find_spec("torch") and find_spec("gymnasium"):
    import torch

    collect_ignore_glob = []
    # Small networks are several times slower on two threads than on one.
    torch.set_num_threads(1)
