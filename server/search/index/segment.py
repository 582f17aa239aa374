"""Segments: the words of many products turned around, so that a word leads to the products that have it."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from server.search.index.columns import NO_LABEL, Columns
from server.search.index.documents import IndexEntry
from server.search.index.labels import NO_NAME, Docs, LabelBuilder
from server.search.index.lexicon import Lexicon
from server.search.index.words import is_correctable
from server.text.name_key import name_key

Weights: TypeAlias = NDArray[np.float32]

TELLING: Final = 4
"""So many documents more a word counts for that says what a product is."""
NO_POSTINGS: Final[tuple[Docs, Weights]] = (np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexSegment:
    """Documents with their words."""

    columns: Columns
    terms: Lexicon
    """The stems."""
    starts: NDArray[np.int64]
    docs: Docs
    weights: Weights
    """Term i is in docs[starts[i]:starts[i + 1]], and weighs as much there as `weights` says."""
    words: Lexicon
    """As they are written."""
    word_counts: NDArray[np.int32]
    """How much each word is used: by how many documents, those that it names counting for more."""
    skus: Lexicon
    sku_docs: Docs
    sku_variants: Ids
    _by_letter: dict[str, Mapping[int, Sequence[str]]] = field(default_factory=dict, init=False, repr=False)
    """The words that may be mistyped, once somebody looked for one: reading them takes a while."""

    def __len__(self) -> int:
        return len(self.columns.product_ids)

    def postings(self, term: str) -> tuple[Docs, Weights]:
        """The documents that have a stem, and what it weighs in each."""
        position = self.terms.position(term)
        if position is None:
            return NO_POSTINGS
        here = slice(self.starts[position], self.starts[position + 1])
        return self.docs[here], self.weights[here]

    def word_count(self, word: str) -> int:
        """How much a word is used, as it is written."""
        position = self.words.position(word)
        return 0 if position is None else int(self.word_counts[position])

    def words_of(self, letter: str, length: int) -> Sequence[str]:
        """The words of so many letters that begin with this one."""
        by_length = self._by_letter.get(letter)
        if by_length is None:
            lists: defaultdict[int, list[str]] = defaultdict(list)
            for word in self.words.some(self.words.beginning_with(letter)):
                if is_correctable(word, 1):
                    lists[len(word)].append(word)
            by_length = dict(lists)
            if by_length:  # people type more letters than words begin with
                self._by_letter[letter] = by_length
        return by_length.get(length, ())

    def sku(self, sku: str) -> tuple[int, int] | None:
        """The document and the variant that have a sku."""
        position = self.skus.position(sku)
        return None if position is None else (int(self.sku_docs[position]), int(self.sku_variants[position]))


class SegmentBuilder:
    """Takes entries one by one, and makes a segment of them."""

    def __init__(self) -> None:
        self._terms: dict[str, int] = {}
        self._term_of = array("i")
        self._weight_of = array("f")
        self._lengths = array("i")
        self._words: Counter[str] = Counter()
        self._skus: dict[str, tuple[int, int]] = {}
        self._ids = array("q")
        self._categories: dict[int, int] = {}
        self._category_codes = array("i")
        self._vendors = array("q")
        self._brands: dict[str, tuple[int, str]] = {}
        self._brand_codes = array("i")
        self._tags, self._attributes = LabelBuilder(), LabelBuilder()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, entry: IndexEntry) -> None:
        """Take an entry; each product once."""
        terms = self._terms
        for term in entry.weights:
            self._term_of.append(terms.setdefault(term, len(terms)))
        self._weight_of.extend(entry.weights.values())
        self._lengths.append(len(entry.weights))
        self._words.update(entry.words)
        for word in entry.telling_words:
            self._words[word] += TELLING
        doc = len(self._ids)
        self._skus |= {sku: (doc, variant_id) for sku, variant_id in entry.skus.items()}
        self._ids.append(entry.product_id)
        code = self._categories.setdefault(entry.category_id, len(self._categories))
        self._category_codes.append(code)
        self._vendors.append(entry.vendor_id)
        self._brand_codes.append(self._brand_code(entry.brand))
        self._tags.add((NO_NAME, tag) for tag in entry.tags)
        self._attributes.add(entry.attributes)

    def _brand_code(self, brand: str) -> int:
        key = name_key(brand)
        if not key:
            return NO_LABEL
        return self._brands.setdefault(key, (len(self._brands), brand.strip()))[0]

    def build(self) -> IndexSegment:
        """The segment of all entries that were added."""
        terms = sorted(self._terms, key=str.encode)
        ranks = np.empty(len(terms), dtype=np.int32)
        ranks[[self._terms[term] for term in terms]] = np.arange(len(terms), dtype=np.int32)
        rank_of = ranks[np.frombuffer(self._term_of, dtype=np.int32)]
        lengths = np.frombuffer(self._lengths, dtype=np.int32)
        docs = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        order = np.argsort(rank_of, kind="stable")
        words, skus = sorted(self._words, key=str.encode), sorted(self._skus.items(), key=_by_bytes)
        return IndexSegment(
            columns=self._columns(),
            terms=Lexicon.of(terms),
            starts=_starts(np.bincount(rank_of, minlength=len(terms))),
            docs=docs[order],
            weights=np.frombuffer(self._weight_of, dtype=np.float32)[order],
            words=Lexicon.of(words),
            word_counts=np.array([self._words[word] for word in words], dtype=np.int32),
            skus=Lexicon.of(sku for sku, _ in skus),
            sku_docs=np.array([doc for _, (doc, _) in skus], dtype=np.int32),
            sku_variants=np.array([variant_id for _, (_, variant_id) in skus], dtype=np.int64),
        )

    def _columns(self) -> Columns:
        return Columns(
            product_ids=np.array(self._ids, dtype=np.int64),
            category_ids=np.array(list(self._categories), dtype=np.int64),
            category_codes=np.array(self._category_codes, dtype=np.int32),
            vendors=np.array(self._vendors, dtype=np.int64),
            brand_keys=list(self._brands),
            brands=[brand for _, brand in self._brands.values()],
            brand_codes=np.array(self._brand_codes, dtype=np.int32),
            tags=self._tags.build(),
            attributes=self._attributes.build(),
        )


def _by_bytes(sku: tuple[str, tuple[int, int]]) -> bytes:
    return sku[0].encode()


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


def segment_of(entries: Iterable[IndexEntry]) -> IndexSegment:
    """A segment of these entries."""
    builder = SegmentBuilder()
    for entry in entries:
        builder.add(entry)
    return builder.build()
