"""Labels: what documents are filtered and counted by, of which each has any number: tags, and attributes."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Array, rows_of
from server.search.index.texts import Texts

Codes: TypeAlias = NDArray[np.int32]
Docs: TypeAlias = NDArray[np.signedinteger[Any]]
"""Numbers of documents, counted from 0 within an index: of 32 bits where they are stored, of 64 where they pick,
which NumPy does twice as quickly by those."""
Label: TypeAlias = tuple[str, str]
"""The name of an attribute and a value of it; a tag is a value without a name."""

T = TypeVar("T", bound=Hashable)

NO_NAME: Final = ""

SPARSE: Final = 32
"""So many times fewer labels than there are in all are counted by sorting them, more by the place of each."""
MAX_VALUES_READ: Final = 10_000
"""Of how many codes the values are remembered: most that are shown were shown before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelNames:
    """What the codes of one segment mean, to be looked up either way."""

    values: Texts
    hashes: NDArray[np.int64]
    """Of the labels, sorted."""
    by_hash: Codes
    """Their codes, in the order of the hashes."""
    _read: dict[int, str] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, labels: Sequence[Label]) -> Self:
        """The labels of the codes 0, 1, 2 …"""
        hashes = np.array([_hash(label) for label in labels], dtype=np.int64)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(values=Texts.of(value for _, value in labels), hashes=hashes[order], by_hash=order)

    def __len__(self) -> int:
        return len(self.values)

    def value(self, code: int) -> str:
        """The value of a label."""
        value = self._read.get(code)
        if value is None:
            if len(self._read) >= MAX_VALUES_READ:
                self._read.clear()
            value = self._read[code] = self.values[code]
        return value

    def code(self, label: Label) -> int | None:
        """The code of a label; None when it has none here."""
        value = _hash(label)
        position = int(np.searchsorted(self.hashes, value))
        return (
            int(self.by_hash[position])
            if position < len(self.hashes) and self.hashes[position] == value
            else None
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """The labels of documents."""

    attributes: Sequence[str]
    """The names of attributes."""
    parts: Sequence[LabelNames]
    """Code 0 is the first of the first part; those of the next follow on those of the one before."""
    attribute_codes: Codes
    """Of each code, the place of its attribute's name."""
    starts: NDArray[np.int64]
    codes: Codes
    """Those of document i stand from starts[i] to starts[i + 1]."""
    _positions: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def label(self, code: int) -> Label:
        """What a code means."""
        return self.attributes[self.attribute_codes[code]], self.values([code])[0]

    def position(self, attribute: str) -> int | None:
        """Where an attribute's name stands; None when it is none of these."""
        if not self._positions:
            self._positions.update({name: position for position, name in enumerate(self.attributes)})
        return self._positions.get(attribute)

    def values(self, codes: Sequence[int]) -> list[str]:
        """The values that codes mean."""
        first, *newer = self.parts
        size = len(first)
        return [first.value(code) if code < size else _value(newer, code - size) for code in codes]

    def code(self, label: Label) -> int | None:
        """The code of a label; None when no document has it."""
        offset = 0
        for part in self.parts:
            code = part.code(label)
            if code is not None:
                return offset + code
            offset += len(part)
        return None

    def of(self, docs: Docs) -> tuple[Codes, NDArray[np.int64]]:
        """The codes of these documents, one after the other, and how many each has."""
        if len(docs) == len(self.starts) - 1:  # all of them, each once
            return self.codes, np.diff(self.starts)
        first = self.starts.take(docs)
        counts = self.starts.take(docs + 1) - first
        ends = np.cumsum(counts)
        if not len(docs) or not ends[-1]:
            return self.codes[:0], counts
        positions = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
        return self.codes.take(positions), counts

    def having(self, docs: Docs, labels: Iterable[Label]) -> NDArray[np.bool_]:
        """Which of these documents have one of the labels."""
        has = np.zeros(len(docs), dtype=np.bool_)
        searched_codes = [code for label in labels if (code := self.code(label)) is not None]
        if searched_codes:
            present, counts = self.of(docs)
            hit = np.isin(present, np.array(searched_codes, dtype=np.int32))
            has[np.repeat(np.arange(len(docs)), counts)[hit]] = True
        return has

    def counted(self, docs: Docs) -> LabelCounts:
        """How many of these documents have each label."""
        present, _ = self.of(docs)
        if SPARSE * len(present) < len(self.attribute_codes):
            return LabelCounts(self, *np.unique(present, return_counts=True))
        counts = np.bincount(present, minlength=1)
        codes = np.flatnonzero(counts)
        return LabelCounts(self, codes, counts[codes])

    def followed_by(self, others: Labels) -> Labels:
        """These, and behind their documents those of others, which have one part."""
        (theirs,) = others.parts
        attributes, renamed = merged(self.attributes, others.attributes)
        recoded = np.empty(len(theirs), dtype=np.int32)
        existing = self._codes_of(theirs.hashes)
        recoded[theirs.by_hash] = np.where(existing < 0, len(self.attribute_codes) + theirs.by_hash, existing)
        return Labels(
            attributes=attributes,
            parts=[*self.parts, theirs],
            attribute_codes=np.concatenate([self.attribute_codes, renamed[others.attribute_codes]]),
            starts=np.concatenate([self.starts, others.starts[1:] + self.starts[-1]]),
            codes=np.concatenate([self.codes, recoded[others.codes]]),
        )

    def _codes_of(self, hashes: NDArray[np.int64]) -> Codes:
        """The codes of the labels with these hashes; -1 where there is none."""
        codes = np.full(len(hashes), -1, dtype=np.int32)
        offset = 0
        for part in self.parts:
            rows = rows_of(part.hashes, hashes)
            new = (rows >= 0) & (codes < 0)
            codes[new] = offset + part.by_hash[rows[new]]
            offset += len(part)
        return codes


class LabelCounts:
    """Labels with how many documents have each."""

    def __init__(self, labels: Labels, codes: Array, counts: Array) -> None:
        self._labels = labels
        self._codes = codes
        self._counts = counts
        self._attribute_of = labels.attribute_codes[codes]

    def attributes(self, limit: int) -> list[str]:
        """The attributes whose values most documents share."""
        totals = np.bincount(self._attribute_of, weights=self._counts.astype(np.float64) ** 2)
        order = np.argsort(-totals, kind="stable")[:limit]
        return [self._labels.attributes[i] for i in order.tolist() if totals[i]]

    def values(self, attribute: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent values of an attribute."""
        position = self._labels.position(attribute)
        if position is None:
            return []
        mine = np.flatnonzero(self._attribute_of == position)
        codes, counts = self._codes[mine], self._counts[mine]
        best = most_frequent(counts, limit)
        values = self._labels.values(codes[best].tolist())
        return list(zip(values, counts[best].tolist(), strict=True))


def _value(parts: Iterable[LabelNames], code: int) -> str:
    for part in parts:
        if code < len(part):
            return part.value(code)
        code -= len(part)
    raise IndexError(code)


def most_frequent(counts: Array, limit: int) -> NDArray[np.int64]:
    """The positions of the highest counts, the highest first; of equal ones the first."""
    if len(counts) <= limit:
        return np.argsort(-counts, kind="stable")
    # Each key is unique, so that a part of them can be cut off before it is sorted.
    keys = counts.astype(np.int64) * len(counts) - np.arange(len(counts))
    best = np.argpartition(-keys, limit)[:limit]
    ordered: NDArray[np.int64] = best[np.argsort(-keys[best])]
    return ordered


def merged(first: Sequence[T], second: Sequence[T]) -> tuple[list[T], Codes]:
    """The values of both, each once, the first ones in their places; and where the second ones stand."""
    positions = {value: position for position, value in enumerate(first)}
    codes = [positions.setdefault(value, len(positions)) for value in second]
    return list(positions), np.array(codes, dtype=np.int32)


class LabelBuilder:
    """Takes the labels of documents one by one."""

    def __init__(self) -> None:
        self._labels: dict[Label, int] = {}
        self._codes = array("i")
        self._starts = array("q", [0])

    def add(self, labels: Iterable[Label]) -> None:
        """Take the labels of the next document, each once."""
        self._codes.extend(self._labels.setdefault(label, len(self._labels)) for label in labels)
        self._starts.append(len(self._codes))

    def build(self) -> Labels:
        """The labels of all documents."""
        names = {
            name: position for position, name in enumerate(dict.fromkeys(name for name, _ in self._labels))
        }
        return Labels(
            attributes=list(names),
            parts=[LabelNames.of(list(self._labels))],
            attribute_codes=np.array([names[name] for name, _ in self._labels], dtype=np.int32),
            starts=np.array(self._starts, dtype=np.int64),
            codes=np.array(self._codes, dtype=np.int32),
        )


def _hash(label: Label) -> int:
    digest = hashlib.blake2b("\0".join(label).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
