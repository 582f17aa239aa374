"""What an artifact holds: every array with its type and shape, and the rules that tie them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.arrays import Array
from ml.models.discovery import FEATURES as DISCOVERY_FEATURES
from ml.models.reorder_features import FEATURES as REORDER_FEATURES

FORMAT = 2
"""Raised whenever an older reader would misread what is written."""

PARTS = ("als", "copurchase", "content", "reorder", "segments")
"""What can be trained by itself; the catalogue, trending, sales and discovery are made anew by every run."""

CATALOGUE_TEXTS = ("product_names", "category_names")

# Dimensions by letter: P products, C categories, U users, F factors, L trained user-product pairs, N
# neighbours, V words, D content dimensions. `+` adds one.
ARRAYS: Mapping[str, tuple[str, str]] = {
    "product_ids": ("<i8", "P"),
    "product_categories": ("<i4", "P"),
    "product_brands": ("<i4", "P"),
    "category_ids": ("<i8", "C"),
    "als_user_ids": ("<i8", "U"),
    "als_user_factors": ("<f4", "U F"),
    "als_item_factors": ("<f4", "P F"),
    "als_indptr": ("<i8", "U+"),
    "als_indices": ("<i4", "L"),
    "als_confidences": ("<f4", "L"),
    "copurchase_indptr": ("<i8", "P+"),
    "copurchase_indices": ("<i4", "N"),
    "copurchase_weights": ("<f4", "N"),
    "affinity_indptr": ("<i8", "P+"),
    "affinity_indices": ("<i4", "M"),
    "affinity_weights": ("<f4", "M"),
    "content_idf": ("<f4", "V"),
    "content_projection": ("<f4", "V D"),
    "content_vectors": ("<f4", "P D"),
    "trending_scores": ("<f4", "P"),
    "popular_scores": ("<f4", "P"),
    "calibration_scores": ("<f4", "K"),
    "calibration_chances": ("<f4", "K"),
    "sales_indptr": ("<i8", "P+"),
    "sales_days": ("<i4", "S"),
    "sales_orders": ("<i4", "S"),
    "sales_repeats": ("<i4", "S"),
    "sales_shop_days": ("<i4", "Y"),
    "sales_shop_orders": ("<i4", "Y"),
    "discovery_means": ("<f8", "G"),
    "discovery_weights": ("<f8", "G+"),
    "segments_user_ids": ("<i8", "B"),
    "segments_labels": ("<i4", "B"),
    "segments_recency": ("<i4", "B"),
    "segments_frequency": ("<i4", "B"),
    "segments_monetary": ("<i8", "B"),
}
TEXTS: Mapping[str, str] = {
    "product_names": "P",
    "category_names": "C",
    "content_vocabulary": "V",
    "reorder_trees": "T",
    "segments_names": "E",
    "segments_descriptions": "E",
}


class InvalidContents(Exception):
    """Arrays that do not fit together; the text is one sentence."""


@dataclass(frozen=True, eq=False)
class Contents:
    """The arrays and lists of text of one artifact, by name."""

    arrays: Mapping[str, Array]
    texts: Mapping[str, Sequence[str]]

    def part(self, name: str) -> Contents:
        """Only what belongs to one trained part."""
        return Contents(
            {key: value for key, value in self.arrays.items() if key.startswith(f"{name}_")},
            {key: value for key, value in self.texts.items() if key.startswith(f"{name}_")},
        )

    def __or__(self, other: Contents) -> Contents:
        return Contents({**self.arrays, **other.arrays}, {**self.texts, **other.texts})


def check(contents: Contents) -> None:
    """Raise InvalidContents unless every array is there, fits the others, and is finite and within range."""
    for present, expected in ((contents.arrays, ARRAYS), (contents.texts, TEXTS)):
        if present.keys() != expected.keys():
            odd = sorted(present.keys() ^ expected.keys())
            raise InvalidContents(f"{', '.join(odd)}: missing or not known")
    sizes: dict[str, int] = {}
    for name, (dtype, dimensions) in ARRAYS.items():
        array = contents.arrays[name]
        if array.dtype != np.dtype(dtype):
            raise InvalidContents(f"{name} holds {array.dtype}, not {np.dtype(dtype)}")
        _fit(name, array.shape, dimensions.split(), sizes)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InvalidContents(f"{name} holds a number that is not finite")
    for name, dimension in TEXTS.items():
        texts = contents.texts[name]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise InvalidContents(f"{name} is not a list of texts")
        _fit(name, (len(texts),), [dimension], sizes)
    _check_ids(contents.arrays)
    _check_ranges(contents.arrays, sizes)
    _check_sales(contents.arrays, sizes["P"])
    _check_learned(contents.texts["reorder_trees"], sizes["G"])


def _fit(name: str, shape: tuple[int, ...], dimensions: Sequence[str], sizes: dict[str, int]) -> None:
    if len(shape) != len(dimensions):
        raise InvalidContents(f"{name} has {len(shape)} dimensions, not {len(dimensions)}")
    for length, dimension in zip(shape, dimensions, strict=True):
        letter, more = dimension[0], len(dimension) - 1
        if sizes.setdefault(letter, length - more) != length - more:
            raise InvalidContents(f"{name} is {length} long where {sizes[letter] + more} belong")


def _check_ids(arrays: Mapping[str, Array]) -> None:
    for name in ("product_ids", "category_ids", "als_user_ids", "segments_user_ids"):
        ids = arrays[name]
        if len(ids) and (ids[0] <= 0 or (np.diff(ids) <= 0).any()):
            raise InvalidContents(f"{name} are not ascending positive ids")


def _check_ranges(arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> None:
    for name, low, high in (
        ("product_categories", -1, sizes["C"]),
        ("product_brands", -1, sizes["P"]),
        ("als_indices", 0, sizes["P"]),
        ("copurchase_indices", 0, sizes["P"]),
        ("affinity_indices", 0, sizes["P"]),
        ("segments_labels", 0, sizes["E"]),
    ):
        rows = arrays[name]
        if len(rows) and (rows.min() < low or rows.max() >= high):
            raise InvalidContents(f"{name} points outside its table")
    for name, length in (
        ("als_indptr", sizes["L"]),
        ("copurchase_indptr", sizes["N"]),
        ("affinity_indptr", sizes["M"]),
        ("sales_indptr", sizes["S"]),
    ):
        bounds = arrays[name]
        if bounds[0] != 0 or bounds[-1] != length or (np.diff(bounds) < 0).any():
            raise InvalidContents(f"{name} does not divide its table")
    for name in ("calibration_scores", "calibration_chances"):
        if (np.diff(arrays[name]) < 0).any():
            raise InvalidContents(f"{name} do not ascend")
    for name in ("trending_scores", "popular_scores", "calibration_chances"):
        if len(arrays[name]) and (arrays[name].min() < 0 or arrays[name].max() > 1):
            raise InvalidContents(f"{name} leaves the range 0 to 1")


def _check_sales(arrays: Mapping[str, Array], products: int) -> None:
    days, shop_days = arrays["sales_days"], arrays["sales_shop_days"]
    rows = np.repeat(np.arange(products), np.diff(arrays["sales_indptr"]))
    if (np.diff(shop_days) <= 0).any() or ((np.diff(days) <= 0) & (np.diff(rows) == 0)).any():
        raise InvalidContents("sales_days are not ascending")
    if len(days) and (not len(shop_days) or days.min() < shop_days[0] or days.max() > shop_days[-1]):
        raise InvalidContents("sales_days leave the days of the shop")


def _check_learned(trees: Sequence[str], discovery_features: int) -> None:
    if discovery_features not in (0, len(DISCOVERY_FEATURES)):
        raise InvalidContents(f"discovery_means are {discovery_features}, not {len(DISCOVERY_FEATURES)}")
    # Trees that were grown on other columns would read sense into these.
    if trees and (trees[0] != "tree" or f"feature_names={' '.join(REORDER_FEATURES)}" not in trees):
        raise InvalidContents("reorder_trees are not trees over what this version knows of a purchase")
