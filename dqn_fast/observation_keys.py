"""Keys that agents, environments and trainings agree on: of dict observations, and of infos.

A key of an observation has its meaning only at the top level.
"""

#: A mask of legal actions, `(A,)` integers or bool: 0 marks an illegal action. In an observation or an info.
ACTION_MASK = "action_mask"

#: A text as numbers of its tokens, `(T,)` integers from 0 to the largest that its space allows; what stands
#: behind its `LENGTH` is padding. It is read through an embedding, never as magnitudes.
TOKENS = "tokens"

#: How many of the `TOKENS` are the text, one integer from 0 to T.
LENGTH = "length"

#: In the info of an episode's last step: numbers by name, such as a success. Evaluations report their means.
FIGURES = "figures"
