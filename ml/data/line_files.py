"""Reads purchases from files of lines `user item item …`, the form in which published splits are passed around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from ml.data.dataset import Dataset, Events, Interactions, Products
from ml.data.textfile import UnreadableFile, encoding_of, opened

MAX_ID = 2**40
"""Larger numbers are no ids."""


def read_lines(path: Path) -> dict[int, list[int]]:
    """The items of each user, each once, in the order of the file; a user may have several lines.

    Plain or gzipped. Raises UnreadableFile, with the number of the line that cannot be understood.
    """
    users: dict[int, dict[int, None]] = {}
    with opened(path) as file:
        for user, items in _parsed(path, file.lines(encoding_of(file))):
            users.setdefault(user, {}).update(dict.fromkeys(items))
    return {user: list(items) for user, items in users.items()}


def _parsed(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, list[int]]]:
    for number, line in enumerate(lines, 1):
        words = line.lstrip("\ufeff").split()
        if not words:
            continue
        if not all(word.isascii() and word.isdigit() and len(word) < len(str(MAX_ID)) for word in words):
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
