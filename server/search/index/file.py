"""The file of an index: written whole beside the old one, put in its place at once, and mapped by all who read it.

What it holds is proven by a digest, its schema is named, and how far it had followed the events stands with it:
whoever opens it learns what it lacks.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from server.search.index.columns import Columns
from server.search.index.labels import LabelNames, Labels
from server.search.index.lexicon import Lexicon
from server.search.index.segment import IndexSegment
from server.search.index.texts import Texts

SCHEMA: Final = 3
"""Rises with every change of what stands in the file, or of how texts become words."""

_MAGIC: Final = b"SNSINDEX"
_PREFIX: Final = struct.Struct("<8sQ32s")
"""The magic, the length of the header, and its digest; that of the parts stands in the header."""
_ALIGNED: Final = 64
_MAX_HEADER: Final = 16 << 20
_DRAFT: Final = ".draft"

AnyArray: TypeAlias = NDArray[Any]


class DamagedIndex(Exception):
    """The file is not a whole index of this schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What an index was made of."""

    database: str
    """Which one, as a fingerprint."""
    position: int
    """All events up to this one are in it."""
    categories: Mapping[int, str]
    """What the name of each category, with those above, was."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredIndex:
    """An index as it is in its file."""

    segment: IndexSegment
    stamp: Stamp
    identity: tuple[int, int, int]
    """Of the file: another one in its place has another."""


def identity_of(path: Path) -> tuple[int, int, int] | None:
    """Which file stands there, and whether it was written to since; None when there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def write(path: Path, segment: IndexSegment, stamp: Stamp) -> None:
    """Put an index into its place; whoever has the one before still reads that.

    A file that has its name is never written to again: readers have it mapped, and would die of a page that is
    gone. So the draft is a new file whose name nobody else knows: an earlier builder may still write to its own.
    """
    arrays = {name: np.ascontiguousarray(values) for name, values in _arrays(segment)}
    parts: dict[str, list[object]] = {}
    digest, offset = _digest(), 0
    for name, values in arrays.items():
        parts[name] = [values.dtype.str, len(values), offset]
        offset += _padded(values.nbytes)
        digest.update(values.data.cast("B") if values.nbytes else b"")
    header = orjson.dumps(
        {
            "schema": SCHEMA,
            "database": stamp.database,
            "position": stamp.position,
            "categories": {str(category_id): text for category_id, text in stamp.categories.items()},
            "parts": parts,
            "bytes": offset,
            "digest": digest.hexdigest(),
        }
    )
    with _draft(path) as file:
        file.write(_PREFIX.pack(_MAGIC, len(header), _digest(header).digest()) + header)
        file.write(b"\0" * (_padded(file.tell()) - file.tell()))
        for values in arrays.values():
            file.write(values.data if values.nbytes else b"")
            file.write(b"\0" * (_padded(values.nbytes) - values.nbytes))


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    """A new file, which takes its place once it is written to the disk; drafts that were given up are deleted."""
    for left in path.parent.glob(f"{path.name}.*{_DRAFT}"):
        left.unlink(missing_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", suffix=_DRAFT, delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def read(path: Path) -> StoredIndex:
    """Map an index. Raises OSError when there is none, DamagedIndex when it is not whole or of another schema."""
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        if stat.st_size < _PREFIX.size:
            raise DamagedIndex("it is cut off")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header, start = _header(mapped)
    parts = _mapped(mapped, header, start)
    stamp = Stamp(
        database=header["database"],
        position=header["position"],
        categories={int(category_id): text for category_id, text in header["categories"].items()},
    )
    return StoredIndex(_segment(parts), stamp, (stat.st_ino, stat.st_size, stat.st_mtime_ns))


def _header(mapped: mmap.mmap) -> tuple[dict[str, Any], int]:
    magic, length, digest = _PREFIX.unpack_from(mapped)
    if magic != _MAGIC or not 0 < length <= min(_MAX_HEADER, len(mapped) - _PREFIX.size):
        raise DamagedIndex("it is no index")
    end = _PREFIX.size + length
    written = mapped[_PREFIX.size : end]
    if _digest(written).digest() != digest:
        raise DamagedIndex("its header is not the one that was written")
    header: dict[str, Any] = orjson.loads(written)
    if header.get("schema") != SCHEMA:
        raise DamagedIndex(f"its schema is {header.get('schema')}, not {SCHEMA}")
    start = _padded(end)
    if len(mapped) != start + int(header["bytes"]):
        raise DamagedIndex("it is cut off")
    return header, start


def _mapped(mapped: mmap.mmap, header: dict[str, Any], start: int) -> dict[str, AnyArray]:
    parts: dict[str, AnyArray] = {}
    digest = _digest()
    for name, (dtype, length, offset) in header["parts"].items():
        kind = np.dtype(dtype)
        if start + offset + length * kind.itemsize > len(mapped):
            raise DamagedIndex("it is cut off")
        values = np.frombuffer(mapped, dtype=kind, count=length, offset=start + offset)
        digest.update(values.data.cast("B") if values.nbytes else b"")
        parts[name] = values
    if digest.hexdigest() != header["digest"]:
        raise DamagedIndex("its bytes are not those that were written")
    return parts


def _digest(content: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=32)


def _arrays(segment: IndexSegment) -> Iterator[tuple[str, AnyArray]]:
    columns = segment.columns
    for name in ("product_ids", "category_ids", "category_codes", "vendors", "brand_codes"):
        yield name, getattr(columns, name)
    for name in ("starts", "docs", "weights", "word_counts", "sku_docs", "sku_variants"):
        yield name, getattr(segment, name)
    for name, labels in (("tags", columns.tags), ("attributes", columns.attributes)):
        (names,) = labels.parts
        yield f"{name}_attributes", _packed(labels.attributes)
        yield f"{name}_values", names.values.characters
        yield f"{name}_value_ends", names.values.ends
        yield f"{name}_hashes", names.hashes
        yield f"{name}_by_hash", names.by_hash
        for column in ("attribute_codes", "starts", "codes"):
            yield f"{name}_{column}", getattr(labels, column)
    yield "brand_keys", _packed(columns.brand_keys)
    yield "brands", _packed(columns.brands)
    for name in ("terms", "words", "skus"):
        yield name, getattr(segment, name).texts


def _segment(parts: dict[str, AnyArray]) -> IndexSegment:
    try:
        columns = Columns(
            product_ids=parts["product_ids"],
            category_ids=parts["category_ids"],
            category_codes=parts["category_codes"],
            vendors=parts["vendors"],
            brand_codes=parts["brand_codes"],
            brand_keys=_unpacked(parts["brand_keys"]),
            brands=_unpacked(parts["brands"]),
            tags=_labels(parts, "tags"),
            attributes=_labels(parts, "attributes"),
        )
        return IndexSegment(
            columns=columns,
            terms=Lexicon(parts["terms"]),
            starts=parts["starts"],
            docs=parts["docs"],
            weights=parts["weights"],
            words=Lexicon(parts["words"]),
            word_counts=parts["word_counts"],
            skus=Lexicon(parts["skus"]),
            sku_docs=parts["sku_docs"],
            sku_variants=parts["sku_variants"],
        )
    except KeyError as missing:
        raise DamagedIndex(f"it has no {missing}") from None


def _labels(parts: dict[str, AnyArray], name: str) -> Labels:
    names = LabelNames(
        values=Texts(parts[f"{name}_values"], parts[f"{name}_value_ends"]),
        hashes=parts[f"{name}_hashes"],
        by_hash=parts[f"{name}_by_hash"],
    )
    return Labels(
        attributes=_unpacked(parts[f"{name}_attributes"]),
        parts=[names],
        attribute_codes=parts[f"{name}_attribute_codes"],
        starts=parts[f"{name}_starts"],
        codes=parts[f"{name}_codes"],
    )


def _packed(texts: Sequence[str]) -> AnyArray:
    return np.frombuffer(orjson.dumps(list(texts)), dtype=np.uint8)


def _unpacked(packed: AnyArray) -> list[str]:
    texts: list[str] = orjson.loads(packed.data)
    return texts


def _padded(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
