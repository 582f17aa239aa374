"""The tree of categories, read as a whole and kept in memory."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Final

from server.catalog.errors import CategoryNotFound, CategoryTaken
from server.catalog.slugs import slugify, with_suffix
from server.catalog.translations import Translations
from server.errors import InvalidField, TooMany
from server.etags import etag_of_content
from server.text.allowed import trimmed
from server.text.name_key import name_key

_STEP: Final = re.compile(r"(?<!\\)>")
"""Separates the names in the path of a category."""

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
    version: int
    translations: Translations | None = None
    children: list[CategoryNode] = field(default_factory=list)
    language: str = ""
    """That of its texts, where they are translated."""
    original: CategoryNode | None = None
    """It in the shop's own language, where its texts are translated."""

    @cached_property
    def etag(self) -> str:
        """Return the etag of the category itself, which is the same in every language."""
        if self.original is not None:
            return self.original.etag
        return etag_of_content(self.version, self.name, self.slug, self.parent_id, self.description)

    def ids(self) -> Iterable[int]:
        """This category and all below it."""
        yield self.id
        for child in self.children:
            yield from child.ids()

    def into(self, language: str) -> CategoryNode:
        """It alone in a language, as far as it is translated; without those below it."""
        texts = (self.translations or {}).get(language)
        if not texts:
            return replace(self, children=[])
        return replace(
            self,
            name=texts.get("name", self.name),
            description=texts.get("description", self.description),
            children=[],
            language=language,
            original=self,
        )

    @property
    def sort_keys(self) -> list[object]:
        """Return what categories beside each other are sorted by: the name, then the id."""
        return [name_key(self.name), self.id]

    @property
    def height(self) -> int:
        """Return how many levels it spans, its own among them."""
        return 1 + max((child.height for child in self.children), default=0)


class CategoryTree:
    """All categories at one moment."""

    def __init__(self, nodes: list[CategoryNode]) -> None:
        self._by_id = {node.id: node for node in nodes}
        self._by_name: defaultdict[str, list[CategoryNode]] = defaultdict(list)
        self._translated: dict[str, CategoryTree] = {}
        for node in nodes:
            for name in {name_key(each.name) for each in (node, node.original) if each is not None}:
                self._by_name[name].append(node)
        self._by_slug = {node.slug: node for node in nodes}
        self.roots: list[CategoryNode] = []
        for node in sorted(nodes, key=lambda node: node.sort_keys):
            parent = self._by_id.get(node.parent_id or 0)
            (parent.children if parent else self.roots).append(node)

    def __len__(self) -> int:
        return len(self._by_id)

    def into(self, language: str) -> CategoryTree:
        """The same tree in a language, as far as it is translated. Categories are found by both names."""
        tree = self._translated.get(language)
        if tree is None:
            nodes = self._by_id.values()
            is_translated = any(node.translations and language in node.translations for node in nodes)
            tree = CategoryTree([node.into(language) for node in nodes]) if is_translated else self
            self._translated[language] = tree
        return tree

    def roots_after(self, after: Sequence[object] | None, limit: int) -> list[CategoryNode]:
        """Up to `limit` categories of the top level, after the one with these sort keys."""
        keys = list(after) if after is not None else []
        return list(islice((root for root in self.roots if root.sort_keys > keys), limit))

    def by_id(self, category_id: int) -> CategoryNode:
        """The category with this id; raises CategoryNotFound."""
        return self._existing(self._by_id.get(category_id), category_id)

    def by_slug(self, slug: str) -> CategoryNode:
        """The category with this slug; raises CategoryNotFound."""
        return self._existing(self._by_slug.get(slug), slug)

    def child(self, parent_id: int | None, name: str) -> CategoryNode | None:
        """The category of this name, whatever its case, directly below another or at the top; None without one."""
        same = self._by_name.get(name_key(name), ())
        return next((node for node in same if node.parent_id == parent_id), None)

    def named(self, slug_or_name: str) -> CategoryNode:
        """The category with this slug, else this name whatever its case: what a list is asked for.

        Raises CategoryNotFound, and InvalidField for a name that fits more than one.
        """
        return self._by_slug.get(slug_or_name) or self.meant(slug_or_name, "category")

    def meant(self, slug_or_name: str, field: str, language: str = "") -> CategoryNode:
        """The only category with this slug or name, whatever its case: where something is to be put.

        The name may be of any language, as it was read: the one in `language` counts before the slug and the own
        name, those in others after them. Raises CategoryNotFound, and InvalidField, naming the field and the ids,
        when more than one has it.
        """
        by_slug = self._by_slug.get(slug_or_name.strip().lower())
        key = name_key(slug_or_name)
        translated = self._by_translated_name.get(key, {})
        own = {node.id: node for node in (by_slug, *self._by_name.get(key, ())) if node}
        others = {node.id: node for nodes in translated.values() for node in nodes}
        fitting = {node.id: node for node in translated.get(language, ())} or own or others
        if len(fitting) > 1:
            choices = " or ".join(f"{node.slug} ({node_id})" for node_id, node in sorted(fitting.items()))
            problem = f"{slug_or_name} may be {choices}: send the id, or a slug that only one has"
            raise InvalidField((field, problem))
        return self._existing(next(iter(fitting.values()), None), slug_or_name)

    @cached_property
    def _by_translated_name(self) -> Mapping[str, Mapping[str, Sequence[CategoryNode]]]:
        """Categories by their names in further languages, and by these languages."""
        names: defaultdict[str, defaultdict[str, list[CategoryNode]]] = defaultdict(lambda: defaultdict(list))
        for node in self._by_id.values():
            for language, texts in (node.translations or {}).items():
                if "name" in texts:
                    names[name_key(texts["name"])][language].append(node)
        return names

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
        ids = set()
        while category_id is not None:
            ids.add(category_id)
            category_id = self.by_id(category_id).parent_id
        return frozenset(ids)

    def line(self, category_id: int) -> Iterator[int]:
        """The id of a category, then those above it; none when it is gone."""
        node = self._by_id.get(category_id)
        while node is not None:
            yield node.id
            node = self._by_id.get(node.parent_id or 0)

    def names(self, category_id: int) -> list[str]:
        """The names of a category and all above it, from the top. Raises CategoryNotFound."""
        names: list[str] = []
        at: int | None = category_id
        while at is not None:
            node = self.by_id(at)
            names.insert(0, node.name)
            at = node.parent_id
        return names

    def check_position(self, name: str, parent_id: int | None, *, node: CategoryNode | None = None) -> None:
        """Raise CategoryTaken when another category under the parent has the name, TooMany when it is too deep.

        `node` is the category that shall stand there; None for a new one.
        """
        siblings = self.by_id(parent_id).children if parent_id else self.roots
        if any(name_key(each.name) == name_key(name) and each is not node for each in siblings):
            raise CategoryTaken(category=name)
        if self.level(parent_id) + (node.height if node else 1) > MAX_LEVELS:
            raise TooMany(limit=MAX_LEVELS, resources="levels of categories")

    def free_slug(self, name: str, parent_id: int | None, *, node: CategoryNode | None = None) -> str:
        """The name as a slug, after its parent's when it is taken: "accessories", "women-accessories"."""
        slug = slugify(name, max_length=100)
        slugs = [slug]
        if parent_id:
            slugs.append(slugify(f"{self.by_id(parent_id).slug}-{name}", max_length=100))
        for each in slugs:
            if self._by_slug.get(each) in (None, node):
                return each
        return with_suffix(slug)

    @staticmethod
    def _existing(node: CategoryNode | None, key: object) -> CategoryNode:
        if node is None:
            raise CategoryNotFound(category=key)
        return node


def path_of(names: Sequence[str]) -> str:
    """The names of a category from the top as one text: "Kitchen > Mugs"; a > of a name's own is \\>."""
    return " > ".join(name.replace(">", "\\>") for name in names)


def names_of(path: str) -> list[str]:
    """The names in such a text."""
    return [trimmed(name.replace("\\>", ">")) for name in _STEP.split(path)]
