"""The migrations: up, down and up again, and the schema they make is the one that the code declares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, inspect, text, update

from server.cart.models import Cart, CartItem
from server.catalog import listings
from server.catalog import queries as catalog_queries
from server.catalog.models import Category, Product, Variant
from server.crypto.ring import KeyRing
from server.crypto.vault import Cell, Vault
from server.db import migrate, schema_state
from server.db.engine import connect
from server.db.losses import losses
from server.db.reading import reading
from server.db.schema import metadata
from server.user.models import PaymentMethod, User

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def empty_url(database_url: str) -> str:
    """The URL of a database without a schema: the migrations undid what they had done."""
    migrate.downgrade(database_url, "base")
    return database_url


def _tables(url: str) -> set[str]:
    engine = connect(url, pool_size=1)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def _indexes(url: str) -> set[str]:
    """The names of all indexes, those of expressions too."""
    engine = connect(url, pool_size=1)
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if url.startswith("sqlite")
        else "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
    )
    try:
        with engine.connect() as connection:
            return set(connection.exec_driver_sql(catalogue).scalars())
    finally:
        engine.dispose()


def test_down_leaves_nothing_and_up_makes_all_tables_again(empty_url: str) -> None:
    assert _tables(empty_url) == set()
    assert schema_state.current(empty_url) is None
    assert not schema_state.is_current(empty_url)
    migrate.upgrade(empty_url)
    assert _tables(empty_url) == set(metadata.tables)
    assert schema_state.is_current(empty_url)


def test_an_upgrade_of_what_is_current_changes_nothing(database_url: str) -> None:
    before = schema_state.current(database_url)
    migrate.upgrade(database_url)
    assert schema_state.current(database_url) == before


# Alembic says that it cannot compare expressions; the test below looks for their indexes.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_the_schema_that_the_code_declares(database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema_state.SCRIPTS))
    config.attributes["url"] = database_url
    command.check(config)


def test_every_declared_index_exists_also_those_that_cannot_be_compared(database_url: str) -> None:
    declared = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    assert declared <= _indexes(database_url)


def test_the_names_of_the_files_are_the_chain_of_migrations() -> None:
    chain = ScriptDirectory(str(schema_state.SCRIPTS)).walk_revisions()
    assert schema_state.revisions() == tuple(script.revision for script in chain)[::-1]


def test_a_database_is_made_where_there_was_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert schema_state.current(url) is None
    migrate.upgrade(url)
    assert _tables(url) == set(metadata.tables)


# ── Carts: SQLite makes their table anew, and what points at it must not notice


@pytest.fixture
def filled_url(database_url: str) -> str:
    """The URL of a database in which a user and a guest have the same thing in their carts."""
    engine = connect(database_url, pool_size=1)
    with engine.begin() as tx:
        times = {"created_at": NOW, "updated_at": NOW}
        user = {
            "email": "ann@shop.test",
            "email_key": "ann@shop.test",
            "full_name": "Ann",
            "role": "CUSTOMER",
        }
        tx.execute(insert(User).values(id=1, **user, **times))
        mug = {"sku": "M", "slug": "m", "name": "Mug", "price_minor": 100, "currency": "USD"}
        tx.execute(insert(Product).values(id=1, **mug, **times))
        tx.execute(insert(Variant).values(id=1, product_id=1, sku="M", options={}))
        catalog_queries.open_stock(tx, 1, 1, 10)
        head = {"currency": "USD", "version": 1, "updated_at": NOW}
        tx.execute(insert(Cart).values(id=1, user_id=1, **head))
        tx.execute(insert(Cart).values(id=2, token_hash="h", expires_at=NOW, **head))
        line = {"product_id": 1, "variant_id": 1, "quantity": 3, "added_price_minor": 100}
        for cart in (1, 2):
            tx.execute(insert(CartItem).values(cart_id=cart, **line))
    engine.dispose()
    return database_url


def _ask(url: str, question: str) -> list[tuple[Any, ...]]:
    engine = connect(url, pool_size=1)
    try:
        with engine.begin() as tx:
            rows = tx.execute(text(question))
            return [tuple(row) for row in rows] if rows.returns_rows else []
    finally:
        engine.dispose()


HELD = (
    "SELECT carts.id, quantity FROM carts JOIN cart_items ON cart_items.cart_id = carts.id ORDER BY carts.id"
)


def test_filled_carts_survive_the_migration_that_lets_guests_in(filled_url: str) -> None:
    assert _ask(filled_url, HELD) == [(1, 3), (2, 3)]
    migrate.downgrade(filled_url, "0005")
    assert _ask(filled_url, HELD) == [(1, 3)], "a guest's cart has no place there, and a user's stays"
    migrate.upgrade(filled_url)
    assert _ask(filled_url, HELD) == [(1, 3)]
    assert _ask(filled_url, "SELECT user_id, token_hash FROM carts") == [(1, None)]
    assert _ask(filled_url, "DELETE FROM carts") == []
    assert _ask(filled_url, "SELECT COUNT(*) FROM cart_items") == [(0,)], "the lines still follow their cart"


def test_filled_carts_survive_all_the_way_from_the_second_schema(filled_url: str) -> None:
    migrate.downgrade(filled_url, "0002")
    migrate.upgrade(filled_url)
    assert _ask(filled_url, HELD) == [(1, 3)]


def test_a_migration_that_finds_rows_without_parents_changes_nothing(sqlite_url: str) -> None:
    migrate.downgrade(sqlite_url, "0005")
    engine = connect(sqlite_url, pool_size=1)
    _orphan(engine)
    with pytest.raises(RuntimeError, match="cart_items 1 lacks its row in carts"):
        migrate.upgrade(sqlite_url, "0006")
    assert schema_state.current(sqlite_url) == "0005"
    assert "wishlist_items" not in _tables(sqlite_url)


def _orphan(engine: Engine) -> None:
    with reading(engine).connect() as connection:  # without a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(
            "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_price_minor) "
            "VALUES (1, 77, 1, 1, 1, 1)"
        )
    engine.dispose()


# ── Sealed tokens: the code of before cannot read them


def test_a_downgrade_forgets_the_payment_methods_whose_tokens_are_sealed(filled_url: str) -> None:
    engine = connect(filled_url, pool_size=1)
    method = {"user_id": 1, "kind": "CARD", "brand": "", "last_four": "", "created_at": NOW}
    with engine.begin() as tx:
        for token in ("pm_1", Vault(KeyRing([b"secret"])).seal_token("a" * 128, Cell("", 0), 1)):
            tx.execute(insert(PaymentMethod).values(**method, token=token))
    migrate.downgrade(filled_url, "0008")
    with engine.begin() as tx:
        assert tx.execute(text("SELECT token FROM payment_methods")).scalars().all() == ["pm_1"]
    migrate.upgrade(filled_url)
    engine.dispose()


# ── Lists of products: what the migration makes of the rows is what the shop makes of them


def test_the_lists_of_products_that_exist_are_made(filled_url: str) -> None:
    engine = connect(filled_url, pool_size=1)
    window = {"discount_from": NOW, "discount_until": NOW + timedelta(days=40_000)}
    with engine.begin() as tx:
        for category_id, parent_id in ((1, None), (2, 1)):
            row = {"id": category_id, "parent_id": parent_id, "name": "C", "slug": f"c{category_id}"}
            tx.execute(insert(Category).values(row))
        sale = {"category_id": 2, "brand": "ﬁne Straße", "tags": ["a", "b" * 50], "discount_bp": 1_250}
        tx.execute(update(Product).values(sale | window | {"price_minor": 999, "rating": 4.5}))
        gone = {"sku": "G", "slug": "g", "name": "Gone", "price_minor": 1, "currency": "USD"}
        times = {"created_at": NOW, "updated_at": NOW, "deleted_at": NOW}
        tx.execute(insert(Product).values(id=2, **gone, **times))
        listings.relist(tx, [1, 2], NOW)
    rows = "SELECT * FROM product_listings ORDER BY list_key, phase"
    expected = _ask(filled_url, rows)
    assert len(expected) == 2 * len({"all", "category 1", "category 2", "brand", "a", "b"})
    migrate.downgrade(filled_url, "0015")
    tags = _ask(filled_url, "SELECT tag, product_id FROM product_tags ORDER BY tag")
    assert tags == [("a", 1), ("b" * 50, 1)]
    migrate.upgrade(filled_url)
    assert _ask(filled_url, rows) == expected
    engine.dispose()


# ── Names that are the same, and numbers of what was deleted


def test_names_that_were_two_get_keys_of_their_own_and_countries_are_corrected(filled_url: str) -> None:
    migrate.downgrade(filled_url, "0019")
    for category_id, name in ((1, "Tea"), (2, "TEA "), (3, "Ｔea")):
        _ask(
            filled_url,
            "INSERT INTO categories (id, name, slug, description)"
            f" VALUES ({category_id}, '{name}', 'c{category_id}', '')",
        )
    _ask(
        filled_url,
        "INSERT INTO addresses (id, user_id, label, line1, line2, city, state, postal_code, country,"
        f" is_default, created_at) VALUES (1, 1, '', 'x', '', 'y', '', '', 'UK', true, '{NOW:%Y-%m-%d}')",
    )
    migrate.upgrade(filled_url)
    assert _ask(filled_url, "SELECT name_key FROM categories ORDER BY id") == [
        ("tea",),
        ("tea #2",),
        ("tea #3",),
    ]
    assert _ask(filled_url, "SELECT country FROM addresses") == [("GB",)]


def test_variants_that_stood_beside_the_default_one_are_told_apart(filled_url: str) -> None:
    migrate.downgrade(filled_url, "0033")
    engine = connect(filled_url, pool_size=1)
    with engine.begin() as tx:
        for number in (2, 3):
            tx.execute(
                text(
                    "INSERT INTO variants (id, product_id, sku, options, is_default) "
                    f"VALUES ({number}, 1, 'M-{number}', '{{}}', false)"
                )
            )
    engine.dispose()
    migrate.upgrade(filled_url)
    keys = _ask(filled_url, "SELECT options_key FROM variants ORDER BY id")
    assert keys == [("",), ("variant 2",), ("variant 3",)]


def test_a_downgrade_says_which_numbers_it_would_lose_and_lets_the_living_keep_theirs(
    filled_url: str,
) -> None:
    engine = connect(filled_url, pool_size=1)
    times = {"created_at": NOW, "updated_at": NOW, "deleted_at": NOW}
    with engine.begin() as tx:
        gone = {"sku": "M", "slug": "m", "name": "Mug", "price_minor": 100, "currency": "USD"}
        tx.execute(insert(Product).values(id=2, **gone, **times))
        tx.execute(insert(Variant).values(id=2, product_id=2, sku="M", options={}, deleted_at=NOW))
    lost = losses(filled_url, "0019")
    assert {"the sku of 1 deleted products", "the slug of 1 deleted products"} <= set(lost)
    migrate.downgrade(filled_url, "0019")
    assert _ask(filled_url, "SELECT id, sku FROM products ORDER BY id") == [(1, "M"), (2, "deleted-2")]
    migrate.upgrade(filled_url)
    engine.dispose()
