"""What a query means: the words of the catalogue that each of its words may stand for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from server.search.engine.vocabulary import Vocabulary, WordCandidate
from server.search.index.index import SearchIndex
from server.search.index.words import Wording, number_of, same_measure, words

MAX_WORDS: Final = 24
"""Of a query; the rest is not looked at."""
MIN_BEGINNING: Final = 3
"""Letters of a word of the catalogue that is also the beginning of others."""
MAX_DOUBTED: Final = 15
MIN_DOUBT: Final = 50
"""A word used so little, beside one that is used so many times as much, may be a mistake of the catalogue."""
MAX_CORRECTIONS: Final = 3
"""Words that one mistyped word may stand for."""
MAX_CORRECTED: Final = 6
"""Words of a query that are corrected: of one with more the catalogue knows nothing, and each costs time."""


ENGLISH_WORDING: Final = Wording()


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found by measuring (docs/decisions)."""

    completion: float = 0.6
    """Of a word that continues the last one, against that one itself."""
    synonym: float = 0.9
    compound: float = 0.9
    """Of words that are written as one in the query and apart in the catalogue, or the other way round."""
    doubted: float = 0.8
    """Of a word that is far more usual than the one that was typed, which the catalogue has."""
    number: float = 0.4
    """Of a number without the unit that the query names."""
    unlikely: float = 0.35
    """How much less likely than the best a correction may be, and still counts."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Stems that a word may stand for; of several, a document needs all."""

    terms: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Concept:
    """A word of the query, as what it may stand for."""

    alternatives: Sequence[Alternative]


@dataclass(frozen=True, slots=True)
class Synonym:
    """That the words from `start` to before `end` are also said in another way."""

    start: int
    end: int
    words: tuple[str, ...]


class Synonyms(Protocol):
    """Knows which words the shop takes for the same."""

    def of(self, query: Sequence[str]) -> Sequence[Synonym]:
        """What else the words of a query, folded as `words` folds them, are called."""
        ...


class NoSynonyms:
    """Takes nothing for the same."""

    def of(self, query: Sequence[str]) -> Sequence[Synonym]:
        """Nothing."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """A query as it is searched for."""

    text: str
    """As it is meant: with mistyped words corrected."""
    corrected: bool
    concepts: Sequence[Concept]
    stems: frozenset[str]
    """What is marked in the texts of a hit."""
    brands: frozenset[str] = frozenset()
    """The brands that are named, in the form of `name_key`."""
    sku: tuple[int, int] | None = None
    """The document and variant whose sku was typed."""
    wording: Wording = ENGLISH_WORDING


@dataclass(slots=True)
class _Word:
    wording: Wording
    written: str
    meant: str
    alternatives: dict[tuple[str, ...], float] = field(default_factory=dict)

    def add(self, terms: Sequence[str], weight: float) -> None:
        for stems in self.wording.forms(terms):
            self.alternatives[stems] = max(weight, self.alternatives.get(stems, 0.0))


class Interpreter:
    """Interprets queries by the words of an index."""

    def __init__(
        self,
        index: SearchIndex,
        synonyms: Synonyms,
        tuning: Tuning | None = None,
        wording: Wording = ENGLISH_WORDING,
    ) -> None:
        self._index = index
        self._wording = wording
        self._synonyms = synonyms
        self._vocabulary = Vocabulary(index)
        self._tuning = tuning or Tuning()
        self._brands = frozenset(index.columns.brand_keys)

    def interpret(self, text: str) -> Interpretation:
        """What a query means; one without a word means nothing."""
        written = words(text)[:MAX_WORDS]
        telling = [word for word in written if not self._wording.is_stop_word(word)] or written
        query = [_Word(self._wording, word, word) for word in telling]
        begun = bool(text) and not text[-1].isspace()
        unknown = [word for word in query if not self._add_itself(word)]
        self._join(query)
        if begun and query and query[-1] not in unknown:
            self._complete(query[-1])
        self._add_synonyms(
            query
        )  # of words that the catalogue lacks, too: those have nothing to be corrected
        for word in [word for word in unknown if not word.alternatives][:MAX_CORRECTED]:
            self._correct(word, query, begun=begun and word is query[-1])
        self._add_synonyms(query)
        meant = {word.written: word.meant for word in query}
        corrected = any(word.written != word.meant for word in query)
        concepts = [
            Concept([Alternative(terms, weight) for terms, weight in word.alternatives.items()])
            for word in query
        ]
        return Interpretation(
            text=" ".join(meant.get(word, word) for word in written) if corrected else text,
            corrected=corrected,
            concepts=concepts,
            stems=frozenset(
                term
                for concept in concepts
                for alternative in concept.alternatives
                for term in alternative.terms
            ),
            brands=self._brands.intersection(word.meant for word in query),
            sku=self._index.sku(text.strip()),
            wording=self._wording,
        )

    def _has(self, word: str) -> bool:
        """Whether a product has the word, in some form of it."""
        return any(self._index.frequency(each) for each in self._wording.stems(word))

    def _add_itself(self, word: _Word) -> bool:
        number = number_of(word.written)
        if number is not None:
            word.add([number], self._tuning.number)
            same = same_measure(word.written)
            if same is not None and self._has(same):
                word.add([same], 1.0)
        if self._has(word.written):
            word.add([word.written], 1.0)
            self._doubt(word)
            return True
        return False

    def _doubt(self, word: _Word) -> None:
        """Take a word that hardly any product has, as if the catalogue had mistyped it, for its neighbour too."""
        count = self._index.word_count(word.written)
        if not 0 < count <= MAX_DOUBTED:
            return
        for candidate in self._vocabulary.nearest(word.written):
            if candidate.word != word.written and candidate.count >= MIN_DOUBT * count:
                word.add([candidate.word], self._tuning.doubted)

    def _join(self, query: Sequence[_Word]) -> None:
        """Take two words that stand side by side for one that the catalogue writes as one."""
        for first, second in pairwise(query):
            together = first.written + second.written
            if self._index.word_count(together):
                first.add([together], self._tuning.compound)
                second.add([together], self._tuning.compound)

    def _complete(self, last: _Word) -> None:
        """Take the last word also for the beginning of others."""
        if len(last.written) < MIN_BEGINNING:
            return
        most = 0
        for candidate in self._vocabulary.completions(last.written):
            most = max(most, candidate.count)
            last.add([candidate.word], self._tuning.completion * math.sqrt(candidate.count / most))

    def _correct(self, word: _Word, query: Sequence[_Word], *, begun: bool) -> None:
        """Find what a word that the catalogue lacks may stand for; one that is `begun` also for how it goes on."""
        candidates = self._vocabulary.completions(word.written) if begun else []
        there = {candidate.word for candidate in candidates}
        candidates += [each for each in self._vocabulary.nearest(word.written) if each.word not in there]
        likely = self._by_likelihood(candidates, word, query)
        parts = self._vocabulary.parts(word.written)
        if parts is not None and (not likely or min(map(self._index.word_count, parts)) > likely[0][0].count):
            word.add(parts, self._tuning.compound)
            word.meant = " ".join(parts)
            return
        count = 0
        for candidate, likelihood in likely:
            is_taken = candidate.edits == 0 or count < MAX_CORRECTIONS
            if is_taken and likelihood >= self._tuning.unlikely:
                word.add([candidate.word], likelihood)
                count += candidate.edits > 0
        if likely and likely[0][0].edits:
            word.meant = likely[0][0].word

    def _by_likelihood(
        self, candidates: Sequence[WordCandidate], word: _Word, query: Sequence[_Word]
    ) -> list[tuple[WordCandidate, float]]:
        """Candidates with how likely each is against the best, by the company that the other words keep."""
        if not candidates:
            return []
        company = self._company(word, query)
        logarithms = []
        for candidate in candidates:
            together = 0
            if company is not None:
                stems = self._wording.stems(candidate.word)
                together = max(int(company[self._index.postings(each)[0]].sum()) for each in stems)
            value = math.log1p(candidate.count) + 2 * math.log1p(together) - candidate.edits
            value += 0.5 if candidate.word[-1] == word.written[-1] else 0.0
            logarithms.append(value)
        best = max(logarithms)
        likely = [
            (each, math.exp((value - best) / 2)) for each, value in zip(candidates, logarithms, strict=True)
        ]
        return sorted(likely, key=lambda each: (-each[1], each[0].word))

    def _company(self, word: _Word, query: Sequence[_Word]) -> NDArray[np.bool_] | None:
        """Which documents have the rarest of the other words."""
        sets = [
            self._index.postings(terms[0])[0]
            for other in query
            if other is not word
            for terms in list(other.alternatives)[:1]
        ]
        rarest = min((docs for docs in sets if len(docs)), key=len, default=None)
        if rarest is None:
            return None
        mask = np.zeros(len(self._index), dtype=np.bool_)
        mask[rarest] = True
        return mask

    def _add_synonyms(self, query: Sequence[_Word]) -> None:
        for synonym in self._synonyms.of([word.meant for word in query]):
            if all(map(self._has, synonym.words)):
                for word in query[synonym.start : synonym.end]:
                    word.add(synonym.words, self._tuning.synonym)
