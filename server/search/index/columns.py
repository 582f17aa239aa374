"""Columns: what the documents are filtered and counted by, as far as it changes only with their texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from server.search.index.labels import Codes, Docs, Labels, merged

Mask: TypeAlias = NDArray[np.bool_]

NO_LABEL: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """What each document is of."""

    product_ids: Ids
    category_ids: Ids
    """Those of all documents, each once; 0 for none."""
    category_codes: Codes
    """Each a place in `category_ids`."""
    vendors: Ids
    """0 for the shop itself."""
    brand_keys: Sequence[str]
    """In the form in which two brands are the same."""
    brands: Sequence[str]
    """As they are written."""
    brand_codes: Codes
    """Each a place in `brands`; NO_LABEL for none."""
    tags: Labels
    attributes: Labels
    _codes_of_brands: dict[str, int] = field(default_factory=dict, init=False, repr=False)
    _brand_order: list[Codes] = field(default_factory=list, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.product_ids)

    def in_categories(self, docs: Docs, category_ids: Collection[int]) -> Mask:
        """Which of these documents stand in one of the categories."""
        present = np.isin(self.category_ids, list(category_ids))
        mask: Mask = present[self.category_codes[docs]]
        return mask

    def of_brands(self, docs: Docs, keys: Collection[str]) -> Mask:
        """Which of these documents are of one of the brands, in the form of `name_key`."""
        if not self._codes_of_brands:
            self._codes_of_brands.update({key: code for code, key in enumerate(self.brand_keys)})
        named = np.zeros(len(self.brand_keys) + 1, dtype=np.bool_)  # the last, where NO_LABEL points, is none
        named[[code for key in keys if (code := self._codes_of_brands.get(key)) is not None]] = True
        mask: Mask = named[self.brand_codes[docs]]
        return mask

    @property
    def brand_order(self) -> Codes:
        """The codes of the brands in the order of their keys; remembered, as sorting takes long."""
        if not self._brand_order:
            keys = self.brand_keys
            self._brand_order.append(np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int32))
        return self._brand_order[0]


def joined(first: Columns, second: Columns) -> Columns:
    """The columns of the documents of one segment, then those of another, which has not been joined yet."""
    if not len(second):
        return first
    if not len(first):
        return second
    categories, category_codes = merged(first.category_ids.tolist(), second.category_ids.tolist())
    keys, brand_codes = merged(first.brand_keys, second.brand_keys)
    new = brand_codes >= len(first.brand_keys)
    brands = [*first.brands, *(second.brands[code] for code in np.flatnonzero(new).tolist())]
    recoded = np.append(brand_codes, np.int32(NO_LABEL))
    return Columns(
        product_ids=np.concatenate([first.product_ids, second.product_ids]),
        category_ids=np.array(categories, dtype=np.int64),
        category_codes=np.concatenate([first.category_codes, category_codes[second.category_codes]]),
        vendors=np.concatenate([first.vendors, second.vendors]),
        brand_keys=keys,
        brands=brands,
        brand_codes=np.concatenate([first.brand_codes, recoded[second.brand_codes]]),
        tags=first.tags.followed_by(second.tags),
        attributes=first.attributes.followed_by(second.attributes),
    )
