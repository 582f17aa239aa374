"""Everything between an empty directory and an open shop: database, schema, admin, demo data, a trained model."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import func, select

from ml.models.boosting import missing_library
from server import environments, home, postgres, progress, supervisor
from server.auth.errors import WeakPassword
from server.auth.first_admin import ensure_first_admin, first_admin_is_missing, is_admin
from server.auth.passwords import check_strength, hash_password, password_key
from server.cart.pricing import PriceRules
from server.catalog.models import Product
from server.clock import utc_now
from server.db import migrate
from server.db.database import Database
from server.errors import CommandError
from server.ports import is_loopback
from server.recommend.lifecycle.command import train
from server.recommend.models import TrainedModel
from server.segment.trained import keeper
from server.settings import InvalidSettings, Settings

console = Console(stderr=True, highlight=False)


class AdminNotCreated(CommandError):
    """The first admin that was asked for was not created; the text says why in one line."""


def with_edge_token(settings: Settings) -> Settings:
    """The settings of one start, with a new token by which the workers know calls that came through Envoy."""
    return settings.model_copy(update={"edge_token": SecretStr(secrets.token_hex(16))})


@contextmanager
def database(settings: Settings, choice: home.Kind | None = None) -> Iterator[Settings]:
    """The settings with a running database: that of DATABASE_URL, or one under DATA_DIR.

    Under DATA_DIR it is that of `choice`, which is remembered, or without one the database chosen last. A
    PostgreSQL there runs for as long as the `with`, unless a shop has it running. Raises PostgresFailed.
    """
    home.make_private(settings.data_dir)
    embedded = choice is not None and not settings.database_url
    if choice is not None and embedded:
        home.choose_database(settings.data_dir, choice)
    url = "" if embedded and choice == "postgres" else home.database_url(settings)
    with ExitStack() as running:
        if not url:
            with console.status("Starting PostgreSQL …"):
                url = running.enter_context(postgres.running(home.postgres_directory(settings.data_dir)))
        yield settings.model_copy(update={"database_url": url})


def prepare(settings: Settings) -> None:
    """Bring the database to the newest schema and create the first admin.

    Raises InvalidSettings when the database is another environment's, or when the password of the first admin is
    weak, outside demo and test; AdminNotCreated when the shop has another admin; SchemaTooNew.
    """
    migrate.refuse_too_new(settings.url)
    environments.refuse_foreign(settings)
    if migrate.state(settings.url) is migrate.State.NEWER:
        _warn(
            "the database's schema was made by a later release, and is left as it is: this one serves on it."
        )
    else:
        with console.status("Migrating the database …"):
            migrate.upgrade(settings.url)
    environments.claim(settings)
    email = settings.first_superuser_email
    password = settings.first_superuser_password.get_secret_value()
    if email and password:
        create_admin(settings, email, password)
    elif settings.environment == "production":
        _say_what_the_first_admin_lacks(settings)


def create_admin(settings: Settings, email: str, password: str) -> None:
    """Create the first admin, unless `email` is one. Raises as `prepare` does."""
    db = Database(settings.url, pool_size=1)
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


def _say_what_the_first_admin_lacks(settings: Settings) -> None:
    db = Database(settings.url, pool_size=1)
    try:
        with db.read() as connection:
            if first_admin_is_missing(connection):
                _warn(
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
        problems = "; ".join(problem for _, problem in weak.violations)
        raise InvalidSettings(f"FIRST_SUPERUSER_PASSWORD: {problems}") from None


def hashed(settings: Settings, password: str) -> str:
    """The hash of a password, as the server makes it."""
    key = password_key(settings.secret_key.get_secret_value())
    return hash_password(password, cost=settings.bcrypt_cost, key=key)


def prepare_demo(settings: Settings) -> None:
    """Do what `prepare` does, but go on without an admin of one's own, and load the demo data."""
    try:
        prepare(settings)
    except AdminNotCreated as error:
        _warn(str(error))
    fill(settings)


def fill(settings: Settings) -> None:
    """Load the demo data into an empty shop, and train its first model."""
    db = Database(settings.url, pool_size=2)
    try:
        if _count(db, Product) == 0:
            from server.demo.load import load_demo  # large, and needed once in a shop's life

            console.print("Loading the demo shop")
            with progress.shown(console) as report:
                load_demo(
                    db.engine,
                    rules=PriceRules.of(settings),
                    hash_password=lambda password: hashed(settings, password),
                    progress=report,
                )
        if _count(db, TrainedModel) == 0:
            train(settings, db, on_trained=keeper(), console=console)
    finally:
        db.close()


def _count(db: Database, table: type[Product] | type[TrainedModel]) -> int:
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def warn(settings: Settings) -> None:
    """Say what the shop lacks, and can be served without."""
    if missing := missing_library():
        _warn(f"{missing}.")
    if settings.environment != "production":
        return
    texts = []
    if not settings.smtp_host:
        texts.append(
            f"SMTP_HOST is not set: mails are written to {settings.data_dir / 'mail'}, and sent to nobody."
        )
    if settings.payment_gateway == "stripe" and "_test_" in settings.stripe_secret_key.get_secret_value():
        texts.append("STRIPE_SECRET_KEY is one for tests: anyone buys with a test card, and no money moves.")
    if not is_loopback(settings.host) and settings.tls_cert_file is None:
        texts.append(
            f"HOST={settings.host}: ports {settings.port} and {settings.grpc_port} are open to the network in "
            "plain text. Put them behind a proxy that ends TLS, or set TLS_CERT_FILE and TLS_KEY_FILE."
        )
    for text in texts:
        _warn(text)


def _warn(text: str) -> None:
    console.print(f"sanset: {text}", style="yellow", markup=False, soft_wrap=True)


def announce(ports: supervisor.Ports, settings: Settings) -> None:
    """Say where the shop is, who may sign in, and a first call."""
    from server.demo.people import DEMO_LOGINS

    base = f"http://localhost:{ports.json}"
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"Sanset is ready: {base} (JSON) · localhost:{ports.grpc} (gRPC)", style="bold green")
    logins = [(login.email, login.password, login.role.lower()) for login in DEMO_LOGINS]
    if settings.first_superuser_email == home.DEMO_ADMIN[0]:
        logins.append((*home.DEMO_ADMIN, "admin"))
    for email, password, role in logins:
        out.print(f"  {email} / {password}  ({role})")
    out.print(f"  curl '{base}/api/v1/products?page_size=3'")
    out.print("  Ctrl-C stops it.")
