"""Settings of the languages in which the shop has texts."""

from __future__ import annotations

import re
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from server.settings.group import Group

MAX_LANGUAGES: Final = 10
_CODE: Final = re.compile("[a-z]{2,3}")


class LanguageSettings(Group):
    """The languages of products and categories; what the shop itself says is translated elsewhere."""

    default_language: str = Field(
        "en",
        description="The language of products and categories (ISO 639), and of mails to who asked for none",
    )
    languages: list[str] = Field(
        [],
        description="Further languages, into which they are translated, as a JSON list; a search index each",
    )

    @field_validator("default_language")
    @classmethod
    def _is_a_code(cls, value: str) -> str:
        return _code(value)

    @field_validator("languages")
    @classmethod
    def _are_codes(cls, value: list[str]) -> list[str]:
        if len(value) > MAX_LANGUAGES:
            raise ValueError(f"names {len(value)} languages; {MAX_LANGUAGES} are the most")
        return list(dict.fromkeys(map(_code, value)))

    @model_validator(mode="after")
    def _are_others(self) -> Self:
        if self.default_language in self.languages:
            raise ValueError("LANGUAGES: must not name DEFAULT_LANGUAGE, but those beside it")
        return self


def _code(value: str) -> str:
    code = value.strip().lower()
    if not _CODE.fullmatch(code):
        raise ValueError(f"{value!r} is no code of a language, as en and de are")
    return code
