"""Replay buffers with the interfaces of other libraries, one module per library: change one import line."""
