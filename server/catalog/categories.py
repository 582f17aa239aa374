"""The rules of the categories: a tree, changed one node at a time."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.catalog import category_queries as queries
from server.catalog import listings
from server.catalog.category_tree import CategoryNode, CategoryTree
from server.catalog.errors import CategoryCycle, CategoryInUse, CategoryNotFound, CategoryTaken
from server.catalog.translations import TranslationRules
from server.db.base import Values
from server.db.rows import changed_columns
from server.db.upsert import broken_constraint
from server.errors import FieldReason, InvalidField, TooMany
from server.etags import check_etag
from server.events.log import publish
from server.events.topics import CategoryChanged
from server.text.name_key import name_key

MAX_CATEGORIES = 1000
"""The tree is read whole; a shop with more of them has mistaken tags for categories."""


def read_tree(connection: Connection, *, lock: bool = False) -> CategoryTree:
    """All categories, in one query; locked in the order of their ids when they are about to change."""
    return CategoryTree([CategoryNode(*row) for row in queries.categories(connection, lock=lock)])


def hold(tx: Connection, category_id: int) -> None:
    """Keep a category from being deleted before the transaction ends; raises CategoryNotFound."""
    if not queries.hold(tx, category_id):
        raise CategoryNotFound(category=category_id)


def create(tx: Connection, values: Values, rules: TranslationRules | None = None) -> int:
    """Create a category from name, slug, parent_id and description, and return its id.

    With `rules` also from translations, as they were sent.
    Raises CategoryTaken, CategoryNotFound for the parent, TooMany, and InvalidField.
    """
    if rules is not None:
        rules.settle(values, None)
    _check_name(values)
    tree = read_tree(tx)
    if len(tree) >= MAX_CATEGORIES:
        raise TooMany(limit=MAX_CATEGORIES, resources="categories")
    parent = values.get("parent_id") or None
    if parent is not None:
        hold(tx, parent)
    tree.check_position(values["name"], parent)
    slug = values.get("slug") or tree.free_slug(values["name"], parent)
    try:
        row = {"name": values["name"], "slug": slug, "parent_id": parent}
        row["description"] = values.get("description", "")
        row["translations"] = values.get("translations")
        category_id = queries.insert_category(tx, row)
    except IntegrityError as error:
        raise _taken(error, values["name"], slug) from None
    publish(tx, CategoryChanged(category_id))
    return category_id


def change(tx: Connection, category_id: int, values: Values, etag: str, rules: TranslationRules) -> None:
    """Change a category. Raises CategoryNotFound, StaleEtag, CategoryTaken, CategoryCycle and InvalidField.

    The whole tree is locked: two moves at once could each be harmless and together close a cycle.
    """
    tree = read_tree(tx, lock=True)
    node = tree.by_id(category_id)
    check_etag(etag, node.etag, "category")
    values = dict(values)
    rules.settle(values, node)
    _check_name(values)
    name, parent = values.get("name", node.name), values.get("parent_id", node.parent_id) or None
    if "parent_id" in values:
        values["parent_id"] = parent
        if parent in set(node.ids()):
            raise CategoryCycle(category_id=category_id, parent_id=parent)
    tree.check_position(name, parent, node=node)
    if "slug" in values and not values["slug"]:
        values["slug"] = tree.free_slug(name, parent, node=node)
    values = changed_columns(node, values)
    if not values:
        return
    try:
        keyed = values | ({"name_key": name_key(name)} if "name" in values else {})
        queries.update_category(tx, category_id, keyed)
    except IntegrityError as error:
        raise _taken(error, name, values.get("slug", node.slug)) from None
    before, after = tree.above(node.parent_id), tree.above(parent)
    if before != after:
        listings.move_category(tx, category_id, before - after, after - before)
    publish(tx, CategoryChanged(category_id))


def _check_name(values: Values) -> None:
    """Raise InvalidField for a blank name in the own language; in others it is none, and the own one shows."""
    if "name" in values and not values["name"].strip():
        raise InvalidField(("category.name", "must not be blank", FieldReason.REQUIRED))


def _taken(error: IntegrityError, name: str, slug: str) -> CategoryTaken:
    """Return which of the two another category has, as one that was made at the same moment."""
    return CategoryTaken(category=slug if "slug" in broken_constraint(error) else name)


def remove(tx: Connection, category_id: int, etag: str) -> None:
    """Delete a category. Raises CategoryNotFound, StaleEtag, and CategoryInUse while something is in it."""
    read_tree(tx, lock=True)
    # Read again: the lock may have been waited for, and what was added meanwhile counts.
    node = read_tree(tx).by_id(category_id)
    check_etag(etag, node.etag, "category")
    if node.children or queries.has_products(tx, category_id):
        raise CategoryInUse(category_id=category_id)
    queries.delete_category(tx, category_id)
    publish(tx, CategoryChanged(category_id))
