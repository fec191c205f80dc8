"""Environments of our own, which Gymnasium knows as `dqn_fast/…-v0` once this package is imported.

The trainer imports it for such an id. A task depends on Gymnasium and NumPy alone, has a file or a folder of
its own, and stands in the table below. If its episodes begin in few ways that are equally likely, it lists
the `reset` options of each in `metadata["starts"]`: evaluations and videos then play them in turn. That
makes the evaluation of a policy without randomness exact.

A task may have more that the trainer asks for: `info["figures"]` at an episode's end, numbers whose means
come into results; `transcript()`, the latest episode in words; `talk_with(read, write, language)`, which puts
a person in the place of a simulated one; and `scripted_action(generator)`, what a rule of its own would do.
Its action space may be `DescribedActions`, with features of each action.
"""

import gymnasium as gym

_TASKS = {
    "dqn_fast/MovieTicket-v0": "movie_ticket:MovieTicket",
    "dqn_fast/RandomWalks-v0": "random_walks:RandomWalks",
    "dqn_fast/TMaze-v0": "tmaze:TMaze",
    "dqn_fast/Tutor-v0": "tutor:Tutor",
    "dqn_fast/Wordle-v0": "wordle:make_wordle",
}

for env_id, place in _TASKS.items():
    gym.register(env_id, entry_point=f"{__name__}.{place}")
