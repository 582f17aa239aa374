"""Which database an index is of."""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import make_url

DATABASE_VARIABLE: Final = "SANSET_DATABASE_URL"
"""Where the builder finds the URL of the database: a command line is no place for a password."""


def fingerprint(url: str) -> str:
    """Of a database, whatever password it is opened with."""
    where = make_url(url).set(password=None, username=None).render_as_string()
    return hashlib.blake2b(where.encode(), digest_size=16).hexdigest()
