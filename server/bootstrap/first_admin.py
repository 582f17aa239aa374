"""The first admin of a shop, whom FIRST_SUPERUSER_EMAIL and FIRST_SUPERUSER_PASSWORD name."""

from __future__ import annotations

from server.auth.errors import WeakPassword
from server.auth.first_admin import ensure_first_admin, first_admin_is_missing, is_admin
from server.auth.passwords import check_strength, hash_password, password_keys
from server.bootstrap.console import warning
from server.clock import utc_now
from server.db.database import Database
from server.errors import CommandError
from server.keys.state import open_database
from server.settings import InvalidSettings, Settings


class AdminNotCreated(CommandError):
    """The first admin that was asked for was not created; the text says why in one line."""


def create_admin(settings: Settings, email: str, password: str) -> None:
    """Create the first admin, unless `email` is one. Raises as `prepare` does."""
    db = open_database(settings, pool_size=1)
    try:
        with db.read() as connection:
            missing = first_admin_is_missing(connection)
        if missing:
            _refuse_weak_password(settings, email, password)
            password_hash = hashed(settings, password)
            with db.transaction() as tx:
                ensure_first_admin(tx, email, password_hash, utc_now())
        with db.read() as connection:
            if not is_admin(connection, email):
                raise AdminNotCreated(
                    f"FIRST_SUPERUSER_EMAIL: {email} was not made an admin, for the shop has another one, who can "
                    "give the role; the schema is up to date"
                )
    finally:
        db.close()


def warn_of_missing_admin(settings: Settings) -> None:
    """Say how to create the first admin of a shop that has none."""
    db = Database(settings.url, pool_size=1)
    try:
        with db.read() as connection:
            if first_admin_is_missing(connection):
                warning(
                    "the shop has no admin yet: set FIRST_SUPERUSER_EMAIL and FIRST_SUPERUSER_PASSWORD and run "
                    "`sanset migrate` again."
                )
    finally:
        db.close()


def _refuse_weak_password(settings: Settings, email: str, password: str) -> None:
    if settings.environment != "production":
        return
    try:
        check_strength(password, email)
    except WeakPassword as weak:
        problems = "; ".join(violation.description for violation in weak.violations)
        raise InvalidSettings(f"FIRST_SUPERUSER_PASSWORD: {problems}") from None


def hashed(settings: Settings, password: str) -> str:
    """The hash of a password, as the server makes it."""
    return hash_password(password, cost=settings.bcrypt_cost, keys=password_keys(settings.ring))
