"""A database and a DATA_DIR belong to a demo or to a real shop, for good: the one never serves as the other.

A demo has accounts whose passwords are printed in its documentation. Served as a real shop it would have an admin
that everyone can be.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, select

from server.auth.passwords import password_keys, verify_password
from server.bootstrap.demo_settings import DEMO_ADMIN
from server.db.engine import connect
from server.db.properties import ShopProperty, property_of, set_once
from server.demo.people import DEMO_LOGINS
from server.process import data_dir
from server.settings import InvalidSettings, Settings
from server.user.lookup_key import lookup_key
from server.user.models import User

ENVIRONMENT = "environment"
"""The property by which a database says whose it is."""
DEMO, PRODUCTION = "demo", "production"

DEMO_ACCOUNTS = (DEMO_ADMIN, *((login.email, login.password) for login in DEMO_LOGINS))


def refuse_foreign(settings: Settings) -> None:
    """Raise InvalidSettings where DATA_DIR or the database is a demo's and the settings are not, or the reverse.

    For a database of any schema, an empty one too: nothing is written.
    """
    if settings.environment == PRODUCTION and data_dir.is_demo(settings.data_dir):
        raise InvalidSettings(
            f"DATA_DIR: {settings.data_dir} is the directory of a demo shop, which production refuses; use another"
        )
    engine = connect(settings.url, pool_size=1)
    try:
        _refuse_foreign(engine, settings)
    finally:
        engine.dispose()


def claim(settings: Settings) -> None:
    """Mark the database as this environment's, the first time. Raises as `refuse_foreign` does.

    For a database of the newest schema. Tests belong to nobody.
    """
    refuse_foreign(settings)
    if settings.environment not in (DEMO, PRODUCTION):
        return
    if settings.environment == DEMO:
        data_dir.mark_as_demo(settings.data_dir)
    engine = connect(settings.url, pool_size=1)
    try:
        with engine.connect() as connection:
            if property_of(connection, ENVIRONMENT) is not None:
                return
        with engine.begin() as tx:
            set_once(tx, ENVIRONMENT, settings.environment)
        _refuse_foreign(engine, settings)  # of two that start at once, one was first
    finally:
        engine.dispose()


def _refuse_foreign(engine: Engine, settings: Settings) -> None:
    tables = inspect(engine).get_table_names()
    with engine.connect() as connection:
        owner = property_of(connection, ENVIRONMENT) if ShopProperty.__tablename__ in tables else None
        if settings.environment == PRODUCTION:
            if owner == DEMO:
                raise InvalidSettings(
                    "DATABASE_URL: this database is a demo shop's, which production refuses; use a new one"
                )
            if User.__tablename__ in tables:
                _refuse_demo_accounts(connection, settings)
        if settings.environment == DEMO and owner == PRODUCTION:
            raise InvalidSettings(
                "DATABASE_URL: this database is a real shop's, which no demo may use; run `sanset serve`, or name "
                "another database"
            )


def _refuse_demo_accounts(connection: Connection, settings: Settings) -> None:
    """Refuse accounts of a demo that still have the password that its documentation prints."""
    passwords = {lookup_key(email): password for email, password in DEMO_ACCOUNTS}
    account = select(User.email, User.email_key, User.password_hash).where(
        User.email_key.in_(passwords), User.is_active
    )
    keys = password_keys(settings.ring)
    for email, email_key, password_hash in connection.execute(account):
        if password_hash and verify_password(passwords[email_key], password_hash, keys=keys):
            raise InvalidSettings(
                f"DATABASE_URL: the account {email} has the password of a demo shop, which production refuses; "
                "use a new database"
            )
