from __future__ import annotations

from importlib.util import find_spec

# The trainer is an extra: without its packages these tests have nothing to test.
collect_ignore_glob = ["test_*.py"]

if all(map(find_spec, ("gymnasium", "matplotlib", "rich", "tensorboard", "torch", "tyro"))):
    import torch

    collect_ignore_glob = []
    # Small networks are several times slower on two threads than on one.
    torch.set_num_threads(1)
