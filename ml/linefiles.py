"""Reads purchases from files of lines `user item item …`, the form in which published splits are passed around."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import numpy as np

from ml.dataset import Dataset, Events, Interactions, Products
from ml.online_retail import UnreadableFile

GZIP_MAGIC = b"\x1f\x8b"
MOST = 2**40
"""Larger numbers are no ids."""


def read_lines(path: Path) -> dict[int, list[int]]:
    """The items of each user, each once, in the order of the file; a user may have several lines.

    Plain or gzipped. Raises UnreadableFile, with the number of the line that cannot be understood.
    """
    users: dict[int, dict[int, None]] = {}
    try:
        with _opened(path) as file:
            for user, items in _parsed(path, file):
                users.setdefault(user, {}).update(dict.fromkeys(items))
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise UnreadableFile(f"{path} cannot be read: {reason}.") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{path} is not a text file.") from None
    return {user: list(items) for user, items in users.items()}


def _opened(path: Path) -> TextIO:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return gzip.open(path, "rt", encoding="ascii") if packed else path.open(encoding="ascii")


def _parsed(path: Path, file: TextIO) -> Iterator[tuple[int, list[int]]]:
    for number, line in enumerate(file, 1):
        words = line.split()
        if not words:
            continue
        if not all(word.isdigit() and len(word) < len(str(MOST)) for word in words):
            raise UnreadableFile(f"{path}, line {number}: expected numbers, `user item item …`.")
        user, *items = map(int, words)
        yield user, items


def dataset_of(users: Mapping[int, list[int]], other_items: Mapping[int, list[int]]) -> Dataset:
    """A shop in which each user placed one order of all their items, at no known time.

    The items of `other_items` are on sale too. Ids are one higher than in the files: a shop has no id 0.
    """
    items = {item for part in (users, other_items) for own in part.values() for item in own}
    counts = [len(own) for own in users.values()]
    user_ids = np.repeat(np.fromiter(users, np.int64, len(users)) + 1, counts)
    product_ids = np.array([item for own in users.values() for item in own], dtype=np.int64) + 1
    lines = Interactions(
        user_ids, product_ids, user_ids, np.ones(len(user_ids), np.float32), np.zeros(len(user_ids))
    )
    nothing = np.empty(0, np.int64)
    return Dataset(_unnamed(items), lines, Events(nothing, nothing, np.empty(0, np.uint8), np.empty(0)))


def _unnamed(items: set[int]) -> Products:
    ids = np.array(sorted(items), dtype=np.int64) + 1
    blank = [""] * len(ids)
    return Products(ids, blank, blank, blank, np.zeros(len(ids), np.int64), {}, {})
