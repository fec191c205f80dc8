"""Hand-written ways that are faster than PyTorch's own; each has a fallback that uses PyTorch alone."""
