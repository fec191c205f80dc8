"""Writing: a sentence like those of a text, a word at a time, for a reward of the whole sentence.

`env` is the environment, and `rewards` has some that a sentence may be written for.
"""

from dqn_fast.tasks.writer.env import Writer
from dqn_fast.tasks.writer.rewards import Keyword, Length, Rhyme, Sentiment

__all__ = ["Keyword", "Length", "Rhyme", "Sentiment", "Writer"]
