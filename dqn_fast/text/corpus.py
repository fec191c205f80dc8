"""A text as numbers: a vocabulary of its commonest words, and its sentences in three parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from dqn_fast.errors import UsageError
from dqn_fast.text.reading import Sentence, read_text, sentences_of

#: The word that ends a sentence, and stands before its first one.
END = 0

#: A sentence as numbers of words, without `END`.
Numbers = tuple[int, ...]

_SHARE = 10  # each part but the first is one of so many of the sentences
_FEWEST = 30  # sentences that can be divided


@dataclass(frozen=True)
class Corpus:
    """A text that a small language model can learn.

    Equal sentences are in one part all together: none that is held out was seen.

    Attributes:
        words: by their numbers; that of `END` is empty.
        joint: what stands between two words.
        training: sentences to learn from.
        held_out: sentences to measure a model by.
        of_judge: sentences that a judge may learn from, as words: some like the others, and all that are too
            long for a model or have a word that it does not know.
    """

    words: tuple[str, ...]
    joint: str
    training: list[Numbers]
    held_out: list[Numbers]
    of_judge: list[Sentence]

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words) if number != END}

    def text_of(self, sentence: Iterable[int]) -> str:
        """Return a sentence as text."""
        return self.joint.join(self.words[number] for number in sentence)

    def numbers_of(self, text: str) -> Numbers:
        """Return the words of a text as numbers.

        Raises:
            UsageError: if there is a word that is not in the vocabulary.
        """
        words = [word for sentence in sentences_of(text).sentences for word in sentence]
        for word in words:
            if word not in self.number_of:
                examples = ", ".join(self.words[1:6])
                raise UsageError(f"word: got {word!r}, expected one of the vocabulary, such as {examples}")
        return tuple(self.number_of[word] for word in words)


@lru_cache(maxsize=4)
def read_corpus(path: Path, vocabulary: int, shortest: int, longest: int) -> Corpus:
    """Read a text file, and divide its sentences: 8 of 10 to learn from, 1 held out, 1 for a judge.

    The same text is always divided alike. A call with the same arguments returns the same object.

    Args:
        path: of the text; see `read_text`.
        vocabulary: the commonest words, so many.
        shortest: fewest words of a sentence.
        longest: most words of a sentence to learn from.

    Raises:
        UsageError: if the file cannot be read, or has too few such sentences.
    """
    text = read_text(path)
    counts = Counter(word for sentence in text.sentences for word in sentence)
    # Of equally common words, the first in the alphabet: the order does not depend on the text's.
    commonest = sorted(counts, key=lambda word: (-counts[word], word))[:vocabulary]
    number_of = {word: number for number, word in enumerate(commonest, 1)}
    long_enough = [sentence for sentence in text.sentences if len(sentence) >= shortest]

    def fits(sentence: Sentence) -> bool:
        return len(sentence) <= longest and all(word in number_of for word in sentence)

    part_of = _parts(list(dict.fromkeys(filter(fits, long_enough))))
    if len(part_of) < _FEWEST:
        raise UsageError(
            f"text: got {path} with {len(part_of)} different sentences of {shortest} to {longest} words"
            f" among the {vocabulary:,} commonest, expected at least {_FEWEST}"
        )

    def of_part(part: int) -> list[Numbers]:
        chosen = (sentence for sentence in long_enough if part_of.get(sentence) == part)
        return [tuple(number_of[word] for word in sentence) for sentence in chosen]

    of_judge = [sentence for sentence in long_enough if part_of.get(sentence, 2) == 2]
    return Corpus(("", *commonest), text.joint, of_part(0), of_part(1), of_judge)


def _parts(sentences: Sequence[Sentence]) -> dict[Sentence, int]:
    """Return the part of each sentence: 0 to learn from, 1 held out, 2 for a judge."""
    share = len(sentences) // _SHARE
    order = np.random.default_rng(0).permutation(len(sentences)).tolist()
    return {
        sentences[at]: 1 if place < share else 2 if place < 2 * share else 0 for place, at in enumerate(order)
    }
