"""Why a search is refused."""

from __future__ import annotations

from server.errors import Unavailable


class SearchNotReady(Unavailable):
    """The index of a large shop is being made for the first time."""

    message = "The search index is being built; try again in a moment."
