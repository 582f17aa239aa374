"""Refusals of the synonyms."""

from __future__ import annotations

from server.errors import AlreadyExists, NotFound


class SynonymNotFound(NotFound):
    """No such synonym."""

    message = "There is no synonym {synonym_id}."


class SynonymTaken(AlreadyExists):
    """A term is in another group, or an input has a rule already."""

    message = "There is another synonym for {term}: change that one."
