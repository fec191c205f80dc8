"""Texts as sentences of words, and measures of what a language model writes; NumPy alone.

`reading` splits a text file into sentences, `corpus` chooses a vocabulary and divides the sentences, `ngram`
is a judge of sentences that learns from text of its own, `measures` are what reports have.
"""

from dqn_fast.text.corpus import END, Corpus, read_corpus
from dqn_fast.text.measures import distinct, perplexity
from dqn_fast.text.ngram import NGrams
from dqn_fast.text.reading import Sentence, Text, read_text, sentences_of

__all__ = [
    "END",
    "Corpus",
    "NGrams",
    "Sentence",
    "Text",
    "distinct",
    "perplexity",
    "read_corpus",
    "read_text",
    "sentences_of",
]
