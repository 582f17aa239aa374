"""The languages of the shop's own texts, and which of them a call is answered in."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

from server.text.languages import MAX_HEADER, best_of

_further: ContextVar[str | None] = ContextVar("further_language", default=None)


def tell_in(language: str | None) -> None:
    """Have products named in this further language in what the call that is being answered says; None: in none."""
    _further.set(language)


def further_language() -> str | None:
    """The further language of the call that is being answered; None for the shop's own."""
    return _further.get()


@dataclass(frozen=True)
class ShopLanguages:
    """The language in which the shop writes, and those into which it translates, by their codes (ISO 639)."""

    own: str
    further: tuple[str, ...] = ()

    @cached_property
    def all(self) -> frozenset[str]:
        """All of them."""
        return frozenset({self.own, *self.further})

    def of(self, requested: str, accept_language: object) -> str:
        """The language of a reply, by what its request names, or else by the header accept-language.

        One that the shop does not have is its own.
        """
        if not self.further:
            return self.own
        if requested:
            language = primary(requested)
            return language if language in self.all else self.own
        if not accept_language:
            return self.own
        return best_of(str(accept_language)[:MAX_HEADER], self.all, self.own)

    def scope(self, language: str) -> tuple[str, ...]:
        """What a page token is bound to, of a list whose order is another in another language."""
        return () if language == self.own else (language,)


def primary(tag: str) -> str:
    """The code of the language in a tag: "de" of "de-AT"."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]
