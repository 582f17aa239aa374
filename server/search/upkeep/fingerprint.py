"""Which database an index is of, and in which languages."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import make_url

from server.search.index.words import Wording

DATABASE_VARIABLE: Final = "SANSET_DATABASE_URL"
"""Where the builder finds the URL of the database: a command line is no place for a password."""


def fingerprint(url: str, wording: Wording) -> str:
    """Of a database, whatever password it is opened with, and the languages that are searched."""
    where = make_url(url).set(password=None, username=None).render_as_string()
    if wording != Wording():
        where += " " + " ".join(wording.languages)
    return hashlib.blake2b(where.encode(), digest_size=16).hexdigest()
