"""Documents: what search knows of a product, and what its words weigh.

The words of all fields come together before their frequency is dampened (BM25F): a word in the name and in the
description counts as often as it stands there, by the weights of the fields, but not twice as two different words
would. What a word weighs is worked out when a product is indexed; a query only adds up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from server.search.index.things import things_of
from server.search.index.words import ENGLISH, number_of, stem, words

MAX_DESCRIPTION: Final = 4_000
"""Characters of a description that are read: the rest says little new."""
MAX_ATTRIBUTES: Final = 64
"""Of a product, by which it is filtered and counted."""
MAX_ATTRIBUTE_LENGTH: Final = 100

_PURPOSE: Final = {
    ENGLISH: frozenset({"for", "fits", "compatible"}),
    "de": frozenset({"fur"}),
    "es": frozenset({"para"}),
    "fr": frozenset({"pour"}),
    "it": frozenset({"per"}),
    "nl": frozenset({"voor"}),
    "pt": frozenset({"para"}),
}
"""Words, folded, behind which a name says for what a thing is, by language."""

SATURATION: Final = 1.2
"""How soon more of a word adds no more (k1 of BM25)."""


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """What a word in a field counts, and how far a long field dilutes it, against one of usual length."""

    weight: float
    usual_length: float
    dilution: float

    def of(self, count: int, length: int) -> float:
        """What `count` times a word weigh in a field of `length` words."""
        return self.weight * count / (1 - self.dilution + self.dilution * length / self.usual_length)


@dataclass(frozen=True, slots=True)
class FieldWeights:
    """What words count by where they stand: found by measuring (docs/decisions)."""

    name: FieldWeight = FieldWeight(2.5, 10, 0.75)
    purpose: FieldWeight = FieldWeight(0.5, 10, 0.75)
    """Of the name what stands behind "for": a case for a camera is no camera."""
    brand: FieldWeight = FieldWeight(1.5, 1.5, 0.0)
    categories: FieldWeight = FieldWeight(0.3, 4, 0.3)
    """Little, as it often names several things ("Keyboards & Mice"); that of the thing itself is `things.py`'s."""
    tags: FieldWeight = FieldWeight(1.5, 4, 0.3)
    attributes: FieldWeight = FieldWeight(0.3, 20, 0.75)
    description: FieldWeight = FieldWeight(2.0, 10, 0.9)


WEIGHTS: Final = FieldWeights()


ORIGINAL: Final = 0.5
"""What a word of the shop's own language counts where the text is translated into the one that is searched in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedTexts:
    """The texts of a product in another language, as far as they are translated."""

    language: str
    name: str = ""
    categories: Sequence[str] = ()
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What search knows of a product."""

    product_id: int
    name: str
    brand: str = ""
    categories: Sequence[str] = ()
    """The names of its category and of those above."""
    tags: Sequence[str] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    description: str = ""
    category_id: int = 0
    vendor_id: int = 0
    skus: Mapping[str, int] = field(default_factory=dict)
    """Those of its variants, with the variant; 0 for the product's own."""
    language: str = ENGLISH
    translated: TranslatedTexts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """A document as it is indexed."""

    product_id: int
    weights: Mapping[str, float]
    """What each stem weighs, from 0 to 1."""
    words: frozenset[str]
    """As they are written: what a query is corrected to, and completed by."""
    telling_words: frozenset[str]
    """Those of them that say what it is: of its name, brand, categories and tags."""
    brand: str
    category_id: int
    vendor_id: int
    tags: Sequence[str]
    attributes: Sequence[tuple[str, str]]
    skus: Mapping[str, int]


def entry_of(document: Document, weights: FieldWeights = WEIGHTS) -> IndexEntry:
    """Weigh the words of a document."""
    facts = attributes_of(document.attributes)
    fields = list(_fields(document, facts, weights))
    frequency: defaultdict[str, float] = defaultdict(float)
    for text in fields:
        for term, count in Counter(_terms(text.words, text.language)).items():
            frequency[term] += text.share * text.weight.of(count, text.length)
    weigh = {term: value / (SATURATION + value) for term, value in frequency.items()}
    weigh |= dict.fromkeys(_things(document), 1.0)
    telling_words = frozenset(word for text in fields if text.tells for word in text.words)
    return IndexEntry(
        product_id=document.product_id,
        weights=weigh,
        words=telling_words.union(*(text.words for text in fields)),
        telling_words=telling_words,
        brand=document.brand,
        category_id=document.category_id,
        vendor_id=document.vendor_id,
        tags=tuple(dict.fromkeys(document.tags)),
        attributes=facts,
        skus={sku.casefold(): variant_id for sku, variant_id in document.skus.items() if sku},
    )


def _things(document: Document) -> Iterator[str]:
    """What the product is by the category that it stands in, in both languages."""
    translated = document.translated
    for categories, language in (
        (document.categories, document.language),
        (translated.categories if translated else (), translated.language if translated else ""),
    ):
        if categories:
            yield from things_of(categories[-1], language)


class _FieldText(NamedTuple):
    """The words of a field of `length` words in a language; `tells`: they say what the product is."""

    weight: FieldWeight
    words: Sequence[str]
    length: int
    language: str
    tells: bool
    share: float


def _fields(
    document: Document, facts: Iterable[tuple[str, str]], weights: FieldWeights
) -> Iterator[_FieldText]:
    values = " ".join(value for _, value in facts if not _is_number(value))
    own, other = document.language, document.translated or TranslatedTexts(language="")
    for weight, original, translation, tells in (
        (weights.name, document.name, other.name, True),
        (weights.brand, document.brand, "", True),
        (weights.categories, " ".join(document.categories), " ".join(other.categories), True),
        (weights.tags, " ".join(document.tags), "", True),
        (weights.attributes, values, "", False),
        (weights.description, document.description[:MAX_DESCRIPTION], other.description, False),
    ):
        is_translated = bool(translation) and translation != original
        texts = [(original, own, ORIGINAL if is_translated else 1.0)]
        if is_translated:
            texts.append((translation, other.language, 1.0))
        for text, language, share in texts:
            written = words(text)
            length, end = len(written), len(written)
            if weight is weights.name:
                end = _purpose(written, language)
                yield _FieldText(weights.purpose, written[end:], length, language, tells, share)
            yield _FieldText(weight, written[:end], length, language, tells, share)


def _purpose(name: Sequence[str], language: str) -> int:
    """Where the words of a name no longer say what it is, but for what: from "for" on."""
    marks = _PURPOSE.get(language, ())
    return next((position for position, word in enumerate(name) if position and word in marks), len(name))


def _terms(written: Iterable[str], language: str) -> Iterable[str]:
    for word in written:
        yield stem(word, language)
        number = number_of(word)
        if number is not None:  # "27 monitor" is said of one of 27 inches
            yield number


def attributes_of(attributes: Mapping[str, object]) -> list[tuple[str, str]]:
    """The names and values by which products are filtered: texts, numbers, and lists of them."""
    pairs: dict[tuple[str, str], None] = {}
    for name, value in attributes.items():
        if len(name) > MAX_ATTRIBUTE_LENGTH:
            continue
        for each in value if isinstance(value, list) else [value]:
            shown = attribute_text(each)
            if shown and len(shown) <= MAX_ATTRIBUTE_LENGTH and len(pairs) < MAX_ATTRIBUTES:
                pairs[name, shown] = None
    return list(pairs)


def attribute_text(value: object) -> str:
    """A value of an attribute as it is shown and asked for; "" for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()
