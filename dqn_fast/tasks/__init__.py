"""Environments of our own, which Gymnasium knows as `dqn_fast/…-v0` once this package is imported.

The trainer imports it for such an id. A task depends on Gymnasium, NumPy and `dqn_fast.text` alone, has a
file or a folder of its own, and stands in the table below. If its episodes have few starts, all equally
likely, it lists the `reset` options of each in `metadata["starts"]`. Evaluations and videos then play them in
turn, so the evaluation of a policy without randomness is exact.

A task may offer more, which the trainer uses: `info["figures"]` at an episode's end, numbers whose means come
into results; `transcript()`, the latest episode in words; `talk_with(read, write, language)`, which puts a
person in the place of a simulated one; and `scripted_action(generator)`, the action of a policy of its own.
Its action space may be `DescribedActions`, with features of each action, or `WordActions`.
"""

import gymnasium as gym

_TASKS = {
    "dqn_fast/MovieTicket-v0": "movie_ticket:MovieTicket",
    "dqn_fast/RandomWalks-v0": "random_walks:RandomWalks",
    "dqn_fast/TMaze-v0": "tmaze:TMaze",
    "dqn_fast/Tutor-v0": "tutor:Tutor",
    "dqn_fast/Wordle-v0": "wordle:make_wordle",
    "dqn_fast/Writer-v0": "writer:Writer",
}

for env_id, place in _TASKS.items():
    gym.register(env_id, entry_point=f"{__name__}.{place}")
