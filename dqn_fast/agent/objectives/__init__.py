"""Objectives: what the Q-network is asked to become, as pure functions of outputs and a batch."""
