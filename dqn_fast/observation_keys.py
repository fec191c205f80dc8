"""Keys of dict observations that agents and environments agree on.

Such a key has its meaning only at the top level of an observation.
"""

#: A mask of legal actions, `(A,)` integers or bool: 0 marks an illegal action.
ACTION_MASK = "action_mask"
