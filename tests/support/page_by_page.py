"""Reading a list to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar


class Page(Protocol):
    """A page of a list; it is the last one when its token is empty."""

    next_page_token: str


P = TypeVar("P", bound=Page)


def page_by_page(read: Callable[[str], P]) -> Iterator[P]:
    """The pages of a list, each of which `read` reads by its token."""
    page = read("")
    yield page
    while page.next_page_token:
        page = read(page.next_page_token)
        yield page
