"""Of every column it is said whether it is of a person, and every table with such columns has its owner."""

from __future__ import annotations

from server.db.schema import metadata
from server.exports.personal_columns import COLUMNS, NOT_EXPORTED, OWNED, PERSONAL, SECRET, names

TABLES = {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}
OF_PERSONS = {name for name, columns in COLUMNS.items() if PERSONAL in columns or SECRET in columns}

NOT_OF_PERSONS = {"coupon_users", "erasures", "product_imports"}
"""Tables that refer to users: a count, which the uses of coupons tell, accounts that were deleted, and files
about the shop's products."""

EXPORTED = {mapped.__tablename__ for mapped in OWNED}


def test_every_column_of_the_schema_is_named_as_personal_or_not() -> None:
    named = {table: sorted(names(table, secret=True)) for table in COLUMNS}
    schema = {table: sorted(columns) for table, columns in TABLES.items()}
    assert named == schema, (
        "say of each column in server/exports/personal_columns.py whether it is of a person"
    )


def test_what_is_of_a_person_is_exported_or_it_is_said_why_not() -> None:
    assert NOT_EXPORTED.keys() == OF_PERSONS - EXPORTED


def test_every_table_that_refers_to_a_user_is_exported_or_it_is_said_why_not() -> None:
    referring = {
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == "users.id" and key.parent.name == "user_id"
    }
    assert referring - EXPORTED - NOT_EXPORTED.keys() == NOT_OF_PERSONS


def test_no_secret_is_exported() -> None:
    shown = {f"{table}.{name}" for table in COLUMNS for name in names(table, secret=False)}
    for secret in ("users.password_hash", "payment_methods.token", "payments.token", "carts.token_hash"):
        assert secret not in shown
    hashes = [name for name in shown if name.endswith("_hash") and name.partition(".")[0] in EXPORTED]
    assert not hashes
