"""Keys that agents, environments and trainings agree on: of dict observations, and of infos.

A key of an observation has its meaning only at the top level.
"""

#: A mask of legal actions, `(A,)` integers or bool: 0 marks an illegal action. In an observation or an info.
ACTION_MASK = "action_mask"

#: In the info of an episode's last step: numbers by name, such as a success. Evaluations report their means.
FIGURES = "figures"
