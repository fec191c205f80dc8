"""Replay buffers with other libraries' interfaces: change one import line; one module for each ecosystem."""
