"""The products a model speaks about: those it was trained on, then those created since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from ml.artifacts.schema import Contents
from ml.data.arrays import Array, Ids, Rows, rows_of
from ml.models.reasons import Reason, ReasonCode

NOBODY = -1
"""Stands for no category, and for no brand."""


class Catalogue:
    """Products by row. Rows of newcomers follow those of the trained ones."""

    def __init__(self, contents: Contents, newcomers: Mapping[int, tuple[str, int | None]]) -> None:
        """`newcomers` are names and category ids by product id; none of them was trained on."""
        arrays, texts = contents.arrays, contents.texts
        self.trained = len(arrays["product_ids"])
        """How many of the products were there at training."""
        self.ids: Ids = np.append(arrays["product_ids"], np.array(list(newcomers), dtype=np.int64))
        self._category_ids = arrays["category_ids"]
        new_categories = np.array([category_id or 0 for _, category_id in newcomers.values()], dtype=np.int64)
        self.categories: Array = np.append(
            arrays["product_categories"], self.category_rows(new_categories).astype(np.int32)
        )
        # As lists where single elements are read: numpy makes an object of each.
        self.id_list: list[int] = self.ids.tolist()
        self.category_list: list[int] = self.categories.tolist()
        self.brand_list: list[int] = arrays["product_brands"].tolist() + [NOBODY] * len(newcomers)
        self.names: Sequence[str] = [*texts["product_names"], *(name for name, _ in newcomers.values())]
        self.category_names = texts["category_names"]
        self._row_of = {product_id: row for row, product_id in enumerate(self.id_list)}

    def __len__(self) -> int:
        return len(self.id_list)

    def row(self, product_id: int) -> int | None:
        """The row of a product; None when it is not known."""
        return self._row_of.get(product_id)

    def reason(self, code: ReasonCode, row: int) -> Reason:
        """A reason that names the product of a row."""
        return Reason(code, self.id_list[row], self.names[row])

    def rows(self, product_ids: Iterable[int]) -> Rows:
        """The rows of the known ones, in order, each once."""
        rows = dict.fromkeys(map(self._row_of.get, product_ids))
        rows.pop(None, None)
        return np.array(list(rows), dtype=np.int64)

    def category_rows(self, category_ids: Collection[int] | Ids) -> Rows:
        """The rows of categories in their table; -1 for those that are not known."""
        return rows_of(self._category_ids, np.array(list(category_ids), dtype=np.int64))

    def varied(self, groups: Sequence[int]) -> bool:
        """Whether there are at least two groups, so that a list can be spread over them."""
        return len(set(groups) - {NOBODY}) > 1
