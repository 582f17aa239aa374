"""Prepares a database for a shop: its schema, its owner, the first admin."""

from __future__ import annotations

from server.bootstrap import environments
from server.bootstrap.console import console, warning
from server.bootstrap.first_admin import create_admin, warn_of_missing_admin
from server.db import migrate, schema_state
from server.settings import Settings


def prepare(settings: Settings) -> None:
    """Bring the database to the newest schema and create the first admin.

    Raises InvalidSettings when the database is another environment's, or when the password of the first admin is
    weak, outside demo and test; AdminNotCreated when the shop has another admin; SchemaTooNew.
    """
    state = schema_state.serving_state(settings.url)
    environments.refuse_foreign(settings)
    if state is schema_state.State.NEWER:
        warning(
            "the database's schema was made by a later release, and is left as it is: this one serves on it."
        )
    else:
        bring_to(settings, "head")
    environments.claim(settings)
    email = settings.first_superuser_email
    password = settings.first_superuser_password.get_secret_value()
    if email and password:
        create_admin(settings, email, password)
    elif settings.environment == "production":
        warn_of_missing_admin(settings)


def bring_to(settings: Settings, revision: str) -> None:
    """Migrate up to `revision`, and say before whom that leaves behind."""
    left_behind = migrate.outdates_code_before(settings.url, revision)
    if left_behind is not None:
        warning(
            f"no release before schema {left_behind} can serve on the schema that this makes: "
            "end every server of an earlier one."
        )
    with console.status("Migrating the database …"):
        migrate.upgrade(settings.url, revision)
