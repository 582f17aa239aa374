"""A demo shop in an empty directory: what any shop needs, demo data, and a trained model."""

from __future__ import annotations

from sqlalchemy import func, select

from server import progress
from server.bootstrap.console import console, warning
from server.bootstrap.first_admin import AdminNotCreated, hashed
from server.bootstrap.prepare import prepare
from server.bootstrap.training import train
from server.catalog.models import Product
from server.db.database import Database
from server.keys.state import open_database
from server.pricing.prices import PriceRules
from server.recommend.registry.models import TrainedModel
from server.segment.trained import keeper
from server.settings import Settings


def prepare_demo(settings: Settings) -> None:
    """Do what `prepare` does, but go on without an admin of one's own, and load the demo data."""
    try:
        prepare(settings)
    except AdminNotCreated as error:
        warning(str(error))
    fill(settings)


def fill(settings: Settings) -> None:
    """Load the demo data into an empty shop, and train its first model."""
    db = open_database(settings, pool_size=2)
    try:
        if _count(db, Product) == 0:
            from server.demo.load import load_demo  # large, and needed once in a shop's life

            console.print("Loading the demo shop")
            with progress.bars(console) as report:
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
