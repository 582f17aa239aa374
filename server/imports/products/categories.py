"""Finds the categories that rows name, and makes those that are missing where the import may."""

from __future__ import annotations

from sqlalchemy import Connection

from server.catalog import categories
from server.catalog.category_tree import MAX_LEVELS, CategoryNode
from server.catalog.errors import CategoryNotFound, CategoryTaken
from server.errors import Refusal, TooMany
from server.imports.products.rows import NO_CATEGORY, CategoryName


class CategoryUnfit(Exception):
    """No product can be put there; the text says why."""


class CategoryRaced(Exception):
    """Somebody else has made the category meanwhile: the transaction is lost, and finds it when it is repeated."""


class CategoryFinder:
    """The categories of one transaction, by the names that rows have for them."""

    def __init__(self, tx: Connection, *, create: bool) -> None:
        self._tx = tx
        self._create = create
        self._tree = categories.read_tree(tx)
        self._ids: dict[CategoryName, int | None] = {NO_CATEGORY: None}

    def id_of(self, name: CategoryName) -> int | None:
        """The id of a category; None stands for none. Raises CategoryUnfit."""
        if name not in self._ids:
            try:
                self._ids[name] = self._find(name)
            except Refusal as refusal:
                raise CategoryUnfit(_reason(refusal)) from None
        return self._ids[name]

    def _find(self, name: CategoryName) -> int:
        if not name.is_path:
            try:
                return self._tree.meant(name.parts[0], "category").id
            except CategoryNotFound:
                if not self._create:
                    raise
        return self._walk(name.parts)

    def _check_room(self, depth: int, missing: int) -> None:
        """Raise TooMany where a path cannot be made to its end, before any of it is."""
        if depth > MAX_LEVELS:
            raise TooMany(limit=MAX_LEVELS, resources="levels of categories")
        if len(self._tree) + missing > categories.MAX_CATEGORIES:
            raise TooMany(limit=categories.MAX_CATEGORIES, resources="categories")

    def _walk(self, parts: tuple[str, ...]) -> int:
        parent: CategoryNode | None = None
        for depth, part in enumerate(parts, 1):
            child = self._tree.child(parent.id if parent else None, part)
            if child is None:
                if not self._create:
                    raise CategoryNotFound(category=" > ".join(parts[:depth]))
                self._check_room(len(parts), len(parts) - depth + 1)
                created = self._create_child(parent, part)
                self._tree = categories.read_tree(self._tx)
                child = self._tree.by_id(created)
            parent = child
        assert parent is not None  # a path has a name at least
        return parent.id

    def _create_child(self, parent: CategoryNode | None, name: str) -> int:
        try:
            return categories.create(self._tx, {"name": name, "parent_id": parent.id if parent else None})
        except CategoryTaken:  # it was not when the tree was read
            raise CategoryRaced() from None


def _reason(refusal: Refusal) -> str:
    if refusal.violations:
        return refusal.violations[0].description
    return "is not in the shop" if isinstance(refusal, CategoryNotFound) else f"cannot be created: {refusal}"
