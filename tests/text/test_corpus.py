"""A corpus keeps the commonest words, and no sentence of one part is in another."""

from __future__ import annotations

from pathlib import Path

import pytest
from tasks.writer.a_text import SENTENCES, write_text

from dqn_fast.errors import UsageError
from dqn_fast.text import Corpus, read_corpus


def read(folder: Path, vocabulary: int = 50, longest: int = 8) -> Corpus:
    return read_corpus(write_text(folder), vocabulary, 3, longest)


def test_parts_share_no_sentence_and_lose_none(tmp_path: Path) -> None:
    corpus = read(tmp_path)
    parts = [
        [corpus.text_of(sentence) for sentence in corpus.training],
        [corpus.text_of(sentence) for sentence in corpus.held_out],
        [" ".join(sentence) for sentence in corpus.of_judge if len(sentence) <= 8],
    ]
    assert sorted(sentence for part in parts for sentence in part) == sorted([*SENTENCES, *SENTENCES[:9]])
    sets = [set(part) for part in parts]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    assert [len(sets[1]), len(sets[2])] == [len(SENTENCES) // 10] * 2


def test_the_judge_has_what_is_too_long_or_has_rare_words(tmp_path: Path) -> None:
    corpus = read(tmp_path, vocabulary=21, longest=5)
    known = set(corpus.words)
    fitting = {s for s in SENTENCES if len(s.split()) <= 5 and set(s.split()) <= known}
    assert 0 < len(fitting) < len(SENTENCES)
    assert set(map(" ".join, corpus.of_judge)) >= set(SENTENCES) - fitting
    assert all(len(s) <= 5 for s in corpus.training)


def test_words_stand_in_the_order_of_their_counts(tmp_path: Path) -> None:
    corpus = read(tmp_path)
    text = write_text(tmp_path).read_text().lower().replace(".", " ").split()
    counts = [text.count(word) for word in corpus.words[1:]]
    assert counts == sorted(counts, reverse=True)
    assert set(corpus.words[1:]) == set(text)
    assert len(read(tmp_path, vocabulary=21, longest=20).words) == 22


def test_text_and_numbers(tmp_path: Path) -> None:
    corpus = read(tmp_path)
    numbers = corpus.numbers_of("The KING, is happy")
    assert corpus.text_of(numbers) == "the king is happy"
    assert 0 not in numbers
    with pytest.raises(UsageError, match=r"word: got 'queen', expected one of the vocabulary, such as "):
        corpus.numbers_of("the queen")


def test_the_same_text_is_divided_alike(tmp_path: Path) -> None:
    first = read(tmp_path)
    read_corpus.cache_clear()
    assert read(tmp_path) == first


def test_too_few_sentences(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"text: got .* with 0 different sentences of 3 to 3 words"):
        read(tmp_path, vocabulary=10, longest=3)
