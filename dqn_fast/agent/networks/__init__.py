"""Q-networks: an encoder for the observations, a body, and a head that gives a value for each action."""
