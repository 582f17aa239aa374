"""The texts of products and categories in further languages: which there may be, and how changes of them are read.

They stand with the thing itself, so that they change with its version, and are read with it. What is equal to the
text of the shop's own language is no translation: a text that was read in another language, and written back as it
was, changes nothing, and goes on following its original.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from server.db.base import Values
from server.errors import FieldReason, InvalidField
from server.text.shop_languages import ShopLanguages, further_language, primary

Texts: TypeAlias = Mapping[str, str]
"""Texts by the names of their columns."""
Translations: TypeAlias = Mapping[str, Texts]
"""Texts by language."""


UNAVAILABLE: Final = "must be one of the languages in the setting LANGUAGES"
ONLY_OWN: Final = "must be the shop's own language, or absent, where something is created"


class SentTranslation(NamedTuple):
    """A translation as it was sent."""

    language: str
    texts: Texts


@dataclass(frozen=True, slots=True)
class TranslationRules:
    """Which texts of a kind of thing are translated, into the languages of the shop."""

    languages: ShopLanguages
    texts: Sequence[str]
    resource: str
    """What requests call the thing: "product"."""

    def settle(self, changes: Values, current: object | None) -> None:
        """Make the column `translations` of what is sent as `translations` and `language`, where they are.

        `current` is the row as it is; None for a new one. Raises InvalidField.
        """
        language = self._language(changes.pop("language", ""), current)
        if language is None and "translations" not in changes:
            return
        stored: Translations = getattr(current, "translations", None) or {}
        if "translations" in changes:
            stored = self._replaced(changes["translations"], stored)
        if language is not None:
            texts = {name: changes.pop(name) for name in self.texts if name in changes}
            originals = {name: getattr(current, name) for name in self.texts}
            stored = with_texts(stored, language, texts, originals)
        changes["translations"] = stored or None

    def _language(self, tag: str, current: object | None) -> str | None:
        """The further language that texts are sent in; None for the shop's own."""
        language = primary(tag) or self.languages.own
        if language == self.languages.own:
            return None
        field = f"{self.resource}.language"
        if language not in self.languages.all:
            raise InvalidField((field, UNAVAILABLE, FieldReason.INVALID_VALUE))
        if current is None:
            raise InvalidField((field, ONLY_OWN, FieldReason.CONFLICT))
        return language

    def _replaced(self, sent: Iterable[SentTranslation], stored: Translations) -> Translations:
        """What was sent in place of what is stored, but for languages that the shop has no more."""
        others = {language: texts for language, texts in stored.items() if language not in self.languages.all}
        new: dict[str, Texts] = {}
        for index, translation in enumerate(sent):
            field = f"{self.resource}.translations[{index}].language"
            if translation.language not in self.languages.further:
                raise InvalidField((field, UNAVAILABLE, FieldReason.INVALID_VALUE))
            if translation.language in new:
                raise InvalidField((field, "must be different from those before", FieldReason.DUPLICATE))
            new[translation.language] = _filled(translation.texts)
        return others | {language: texts for language, texts in new.items() if texts}


def with_texts(stored: Translations, language: str, texts: Texts, originals: Texts) -> Translations:
    """The translations with other texts in one language; what is empty, or equal to the original, is none."""
    mine = _filled({**stored.get(language, {}), **texts})
    mine = {name: text for name, text in mine.items() if text != originals.get(name)}
    others = {each: there for each, there in stored.items() if each != language}
    return others | ({language: mine} if mine else {})


def offered(translations: Translations, languages: ShopLanguages) -> list[tuple[str, Texts]]:
    """The translations into languages that the shop has, in the order of these."""
    return [(language, translations[language]) for language in languages.further if language in translations]


def name_for_call(translations: Translations, name: str) -> str:
    """The name of a product in the language of the call that is being answered, as far as it is translated."""
    language = further_language()
    return name if language is None else translations.get(language, {}).get("name", name)


def _filled(texts: Texts) -> Texts:
    return {name: text for name, text in texts.items() if text.strip()}


PRODUCT_TEXTS: Final = ("name", "description", "seo_title", "seo_description")
CATEGORY_TEXTS: Final = ("name", "description")


def product_rules(languages: ShopLanguages) -> TranslationRules:
    """Those of products."""
    return TranslationRules(languages, PRODUCT_TEXTS, "product")


def category_rules(languages: ShopLanguages) -> TranslationRules:
    """Those of categories."""
    return TranslationRules(languages, CATEGORY_TEXTS, "category")
