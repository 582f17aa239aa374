"""Categories: a tree, read as a whole and kept in memory, changed one node at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.catalog import listings
from server.catalog.errors import CategoryCycle, CategoryInUse, CategoryNotFound, CategoryTaken
from server.catalog.models import Category, Product
from server.catalog.slugs import slugify, with_suffix
from server.db.upsert import broken_constraint
from server.errors import InvalidField, TooMany
from server.events.log import CATEGORY, NewEvent, publish
from server.text.name_key import name_key

MAX_CATEGORIES = 1000
"""The tree is read whole; a shop with more shelves than this has mistaken tags for categories."""
MAX_LEVELS = 20
"""A tree is one message on the wire, and messages may nest about a hundred deep."""


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

    @property
    def height(self) -> int:
        """How many levels it spans, its own among them."""
        return 1 + max((child.height for child in self.children), default=0)


class CategoryTree:
    """All categories at one moment."""

    def __init__(self, nodes: list[CategoryNode]) -> None:
        self._by_id = {node.id: node for node in nodes}
        self._by_name: defaultdict[str, list[CategoryNode]] = defaultdict(list)
        for node in nodes:
            self._by_name[name_key(node.name)].append(node)
        self._by_slug = {node.slug: node for node in nodes}
        self.roots: list[CategoryNode] = []
        for node in sorted(nodes, key=lambda node: name_key(node.name)):
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
        """The category with this slug, else this name whatever its case: what a list is asked for.

        Raises CategoryNotFound, and InvalidField for a name that fits more than one.
        """
        return self._by_slug.get(slug_or_name) or self.meant(slug_or_name, "category")

    def meant(self, slug_or_name: str, field: str) -> CategoryNode:
        """The only category with this slug or name, whatever its case: where something is to be put.

        Raises CategoryNotFound, and InvalidField, naming the field and the ids, when more than one has it.
        """
        by_slug = self._by_slug.get(slug_or_name.strip().lower())
        fitting = {
            node.id: node for node in (by_slug, *self._by_name.get(name_key(slug_or_name), ())) if node
        }
        if len(fitting) > 1:
            ids = " and ".join(map(str, sorted(fitting)))
            raise InvalidField((field, f"{slug_or_name} may be the category {ids}: send the id, or a slug"))
        return self._known(next(iter(fitting.values()), None), slug_or_name)

    def ids_under(self, slug_or_name: str) -> frozenset[int]:
        """The ids of a category and all below it; raises CategoryNotFound."""
        return frozenset(self.named(slug_or_name).ids())

    def level(self, category_id: int | None) -> int:
        """On which level a category stands, counted from 1 at the top; 0 for None."""
        level = 0
        while category_id is not None:
            level, category_id = level + 1, self.by_id(category_id).parent_id
        return level

    def above(self, category_id: int | None) -> frozenset[int]:
        """The ids of a category and all above it; none for None."""
        found = set()
        while category_id is not None:
            found.add(category_id)
            category_id = self.by_id(category_id).parent_id
        return frozenset(found)

    def check_place(self, name: str, parent_id: int | None, *, node: CategoryNode | None = None) -> None:
        """Raise CategoryTaken when another category under the parent has the name, TooMany when it is too deep.

        `node` is the category that shall stand there; None for a new one.
        """
        siblings = self.by_id(parent_id).children if parent_id else self.roots
        if any(name_key(each.name) == name_key(name) and each is not node for each in siblings):
            raise CategoryTaken(category=name)
        if self.level(parent_id) + (node.height if node else 1) > MAX_LEVELS:
            raise TooMany(limit=MAX_LEVELS, things="levels of categories")

    def free_slug(self, name: str, parent_id: int | None, *, node: CategoryNode | None = None) -> str:
        """The name as a slug, after its parent's when it is taken: "accessories", "women-accessories"."""
        slug = slugify(name, max_length=100)
        wanted = (
            [slug, slugify(f"{self.by_id(parent_id).slug}-{name}", max_length=100)] if parent_id else [slug]
        )
        for each in wanted:
            if self._by_slug.get(each) in (None, node):
                return each
        return with_suffix(slug)

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


def hold(tx: Connection, category_id: int) -> None:
    """Keep a category from being deleted before the transaction ends; raises CategoryNotFound."""
    held = select(Category.id).where(Category.id == category_id).with_for_update(read=True, key_share=True)
    if tx.scalar(held) is None:
        raise CategoryNotFound(category=category_id)


def create(tx: Connection, values: dict[str, Any]) -> int:
    """Create a category from name, slug, parent_id and description, and return its id.

    Raises CategoryTaken, CategoryNotFound for the parent, and TooMany.
    """
    tree = read_tree(tx)
    if len(tree) >= MAX_CATEGORIES:
        raise TooMany(limit=MAX_CATEGORIES, things="categories")
    parent = values.get("parent_id") or None
    if parent is not None:
        hold(tx, parent)
    tree.check_place(values["name"], parent)
    slug = values.get("slug") or tree.free_slug(values["name"], parent)
    try:
        row = {"name": values["name"], "slug": slug, "parent_id": parent}
        row["description"] = values.get("description", "")
        category_id = tx.execute(insert(Category).values(row).returning(Category.id)).scalar_one()
    except IntegrityError as error:
        raise _taken(error, values["name"], slug) from None
    publish(tx, NewEvent(CATEGORY, str(category_id)))
    return category_id


def change(tx: Connection, category_id: int, values: dict[str, Any]) -> None:
    """Change a category. Raises CategoryNotFound, CategoryTaken and CategoryCycle.

    The whole tree is locked: two moves at once could each be harmless and together close a cycle.
    """
    tree = read_tree(tx, lock=True)
    node = tree.by_id(category_id)
    if not values:
        return
    values = dict(values)
    name, parent = values.get("name", node.name), values.get("parent_id", node.parent_id) or None
    if "parent_id" in values:
        values["parent_id"] = parent
        if parent in set(node.ids()):
            raise CategoryCycle(category_id=category_id, parent_id=parent)
    tree.check_place(name, parent, node=node)
    if "slug" in values and not values["slug"]:
        values["slug"] = tree.free_slug(name, parent, node=node)
    try:
        keyed = values | ({"name_key": name_key(name)} if "name" in values else {})
        tx.execute(update(Category).where(Category.id == category_id).values(keyed))
    except IntegrityError as error:
        raise _taken(error, name, values.get("slug", node.slug)) from None
    before, after = tree.above(node.parent_id), tree.above(parent)
    if before != after:
        listings.move_category(tx, category_id, before - after, after - before)
    publish(tx, NewEvent(CATEGORY, str(category_id)))


def _taken(error: IntegrityError, name: str, slug: str) -> CategoryTaken:
    """Which of the two another category has, as one that was made at the same moment."""
    return CategoryTaken(category=slug if "slug" in broken_constraint(error) else name)


def remove(tx: Connection, category_id: int) -> None:
    """Delete a category. Raises CategoryNotFound, and CategoryInUse while something is in it."""
    read_tree(tx, lock=True)
    # Read again: the lock may have been waited for, and what was added meanwhile counts.
    node = read_tree(tx).by_id(category_id)
    in_it = (
        select(Product.id).where(Product.category_id == category_id, Product.deleted_at.is_(None)).limit(1)
    )
    if node.children or tx.scalar(in_it) is not None:
        raise CategoryInUse(category_id=category_id)
    tx.execute(update(Product).where(Product.category_id == category_id).values(category_id=None))
    tx.execute(delete(Category).where(Category.id == category_id))
    publish(tx, NewEvent(CATEGORY, str(category_id)))
