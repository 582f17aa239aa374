"""Categories: a tree, read as a whole and kept in memory, changed one node at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.catalog.errors import CategoryCycle, CategoryInUse, CategoryNotFound, CategoryTaken
from server.catalog.models import Category, Product
from server.catalog.slugs import slugify
from server.errors import TooMany
from server.events.log import CATEGORY, NewEvent, publish

MOST_CATEGORIES = 1000
"""The tree is read whole; a shop with more shelves than this has mistaken tags for categories."""


@dataclass(frozen=True)
class CategoryNode:
    """A category with those below it."""

    id: int
    parent_id: int | None
    name: str
    slug: str
    description: str
    children: list[CategoryNode] = field(default_factory=list)

    def ids(self) -> Iterable[int]:
        """This category and all below it."""
        yield self.id
        for child in self.children:
            yield from child.ids()


class CategoryTree:
    """All categories at one moment."""

    def __init__(self, nodes: list[CategoryNode]) -> None:
        self._by_id = {node.id: node for node in nodes}
        self._by_name = {node.name.casefold(): node for node in reversed(nodes)}
        self._by_slug = {node.slug: node for node in nodes}
        self.roots: list[CategoryNode] = []
        for node in sorted(nodes, key=lambda node: node.name.casefold()):
            parent = self._by_id.get(node.parent_id or 0)
            (parent.children if parent else self.roots).append(node)

    def __len__(self) -> int:
        return len(self._by_id)

    def by_id(self, category_id: int) -> CategoryNode:
        """The category with this id; raises CategoryNotFound."""
        return self._known(self._by_id.get(category_id), category_id)

    def by_slug(self, slug: str) -> CategoryNode:
        """The category with this slug; raises CategoryNotFound."""
        return self._known(self._by_slug.get(slug), slug)

    def named(self, slug_or_name: str) -> CategoryNode:
        """The category with this slug, else this name whatever its case; raises CategoryNotFound."""
        by_slug = self._by_slug.get(slug_or_name.lower())
        return self._known(by_slug or self._by_name.get(slug_or_name.casefold()), slug_or_name)

    def ids_under(self, slug_or_name: str) -> frozenset[int]:
        """The ids of a category and all below it; raises CategoryNotFound."""
        return frozenset(self.named(slug_or_name).ids())

    @staticmethod
    def _known(node: CategoryNode | None, asked: object) -> CategoryNode:
        if node is None:
            raise CategoryNotFound(category=asked)
        return node


def read_tree(connection: Connection, *, lock: bool = False) -> CategoryTree:
    """All categories, in one query; locked in the order of their ids when they are about to change."""
    statement = select(
        Category.id, Category.parent_id, Category.name, Category.slug, Category.description
    ).order_by(Category.id)
    rows = connection.execute(statement.with_for_update() if lock else statement)
    return CategoryTree([CategoryNode(*row) for row in rows])


def create(tx: Connection, values: dict[str, Any]) -> int:
    """Create a category from name, slug, parent_id and description, and return its id.

    Raises CategoryTaken, CategoryNotFound for the parent, and TooMany.
    """
    tree = read_tree(tx)
    if len(tree) >= MOST_CATEGORIES:
        raise TooMany(limit=MOST_CATEGORIES, things="categories")
    parent = values.get("parent_id") or None
    if parent is not None:
        tree.by_id(parent)
    slug = values.get("slug") or slugify(values["name"], most=100)
    try:
        row = {"name": values["name"], "slug": slug, "parent_id": parent}
        row["description"] = values.get("description", "")
        category_id = tx.execute(insert(Category).values(row).returning(Category.id)).scalar_one()
    except IntegrityError:
        raise CategoryTaken(slug=slug) from None
    publish(tx, NewEvent(CATEGORY, str(category_id)))
    return category_id


def change(tx: Connection, category_id: int, values: dict[str, Any]) -> None:
    """Change a category. Raises CategoryNotFound, CategoryTaken and CategoryCycle.

    The whole tree is locked: two moves at once could each be harmless and together close a cycle.
    """
    tree = read_tree(tx, lock=True)
    node = tree.by_id(category_id)
    values = dict(values)
    if "parent_id" in values:
        values["parent_id"] = values["parent_id"] or None
        if values["parent_id"] is not None:
            tree.by_id(values["parent_id"])
            if values["parent_id"] in set(node.ids()):
                raise CategoryCycle(category_id=category_id, parent_id=values["parent_id"])
    if "slug" in values and not values["slug"]:
        values["slug"] = slugify(values.get("name", node.name), most=100)
    if not values:
        return
    try:
        tx.execute(update(Category).where(Category.id == category_id).values(values))
    except IntegrityError:
        raise CategoryTaken(slug=values.get("slug", node.slug)) from None
    publish(tx, NewEvent(CATEGORY, str(category_id)))


def remove(tx: Connection, category_id: int) -> None:
    """Delete a category. Raises CategoryNotFound, and CategoryInUse while something is in it."""
    node = read_tree(tx, lock=True).by_id(category_id)
    in_it = (
        select(Product.id).where(Product.category_id == category_id, Product.deleted_at.is_(None)).limit(1)
    )
    if node.children or tx.scalar(in_it) is not None:
        raise CategoryInUse(category_id=category_id)
    tx.execute(update(Product).where(Product.category_id == category_id).values(category_id=None))
    tx.execute(delete(Category).where(Category.id == category_id))
    publish(tx, NewEvent(CATEGORY, str(category_id)))
