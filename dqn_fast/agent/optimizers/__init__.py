"""Optimisers over one vector of all parameters."""
