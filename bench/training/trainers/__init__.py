"""Who trains, one module each, run in a process of its own: `python -m trainers.NAME SETTINGS`, as JSON."""
