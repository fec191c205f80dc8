"""Keys of dict observations that mean something to agents and environments alike.

An environment that has such a key at the top of its observations speaks to the agent through it.
"""

#: One number per action, 0 where it is illegal: `(A,)` of whole numbers or bool.
ACTION_MASK = "action_mask"
