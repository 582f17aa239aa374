"""Labels: what documents are filtered and counted by, of which each has any number: tags, and attributes."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Array

Codes: TypeAlias = NDArray[np.int32]
Docs: TypeAlias = NDArray[np.int32]
"""Numbers of documents, counted from 0 within an index."""
Label: TypeAlias = tuple[str, str]
"""The name of an attribute and a value of it; a tag is a value without a name."""

NO_NAME: Final = ""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Texts one after the other in an array, which a file can hold and processes can share."""

    characters: NDArray[np.uint8]
    """In UTF-8."""
    ends: NDArray[np.int64]
    """Where each text begins, and in the end where the last one ends."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """These texts."""
        encoded = [text.encode() for text in texts]
        ends = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=ends[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, position: int) -> str:
        return self.characters[self.ends[position] : self.ends[position + 1]].tobytes().decode()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelNames:
    """What the codes of one segment mean, to be looked up either way."""

    values: Texts
    hashes: NDArray[np.int64]
    """Of the labels, sorted."""
    by_hash: Codes
    """Their codes, in the order of the hashes."""

    @classmethod
    def of(cls, labels: Sequence[Label]) -> Self:
        """The labels of the codes 0, 1, 2 …"""
        hashes = np.array([_hash(label) for label in labels], dtype=np.int64)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(values=Texts.of(value for _, value in labels), hashes=hashes[order], by_hash=order)

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

    def label(self, code: int) -> Label:
        """What a code means."""
        name = self.attributes[self.attribute_codes[code]]
        for part in self.parts:
            if code < len(part.values):
                return name, part.values[code]
            code -= len(part.values)
        raise IndexError(code)

    def code(self, label: Label) -> int | None:
        """The code of a label; None when no document has it."""
        offset = 0
        for part in self.parts:
            code = part.code(label)
            if code is not None:
                return offset + code
            offset += len(part.values)
        return None

    def attribute_code(self, name: str) -> int | None:
        """The position of an attribute's name; None when no document has it."""
        return self.attributes.index(name) if name in self.attributes else None

    def of(self, docs: Docs) -> tuple[Codes, NDArray[np.int64]]:
        """The codes of these documents, one after the other, and how many each has."""
        first = self.starts[docs]
        counts = self.starts[docs + 1] - first
        ends = np.cumsum(counts)
        if not len(docs) or not ends[-1]:
            return self.codes[:0], counts
        positions = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
        return self.codes[positions], counts

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
        if len(present) < len(self.attribute_codes):
            return LabelCounts(self, *np.unique(present, return_counts=True))
        counts = np.bincount(present, minlength=1)
        codes = np.flatnonzero(counts)
        return LabelCounts(self, codes, counts[codes])

    def followed_by(self, others: Labels) -> Labels:
        """These, and behind their documents those of others, which have one part."""
        attributes = list(dict.fromkeys([*self.attributes, *others.attributes]))
        renamed = np.array([attributes.index(name) for name in others.attributes], dtype=np.int32)
        offset = len(self.attribute_codes)
        existing = (self.code(others.label(i)) for i in range(len(others.attribute_codes)))
        recoded = [offset + i if code is None else code for i, code in enumerate(existing)]
        return Labels(
            attributes=attributes,
            parts=[*self.parts, *others.parts],
            attribute_codes=np.concatenate([self.attribute_codes, renamed[others.attribute_codes]]),
            starts=np.concatenate([self.starts, others.starts[1:] + self.starts[-1]]),
            codes=np.concatenate([self.codes, np.array(recoded, dtype=np.int32)[others.codes]]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class LabelCounts:
    """Labels with how many documents have each."""

    labels: Labels
    codes: Array
    counts: Array

    def attributes(self, limit: int) -> list[str]:
        """The attributes whose values most documents share."""
        totals = np.bincount(
            self.labels.attribute_codes[self.codes], weights=self.counts.astype(np.float64) ** 2
        )
        order = np.argsort(-totals, kind="stable")[:limit]
        return [self.labels.attributes[i] for i in order.tolist() if totals[i]]

    def values(self, attribute: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent values of an attribute."""
        code = self.labels.attribute_code(attribute)
        if code is None:
            return []
        mine = self.labels.attribute_codes[self.codes] == code
        codes, counts = self.codes[mine], self.counts[mine]
        order = np.argsort(-counts, kind="stable")[:limit]
        return [(self.labels.label(int(codes[i]))[1], int(counts[i])) for i in order.tolist()]


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
