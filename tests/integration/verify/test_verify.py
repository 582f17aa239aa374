"""Every rule of verify: a sound shop breaks none, and each kind of damage is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from support.databases import copied_database, copy_again
from support.running_shop import test_settings

from server.cli.verify import verify_database
from server.db.engine import connect
from server.db.reading import reading
from server.imports.online_retail import import_online_retail
from server.mail.compose import KIND_OF_STATUS
from server.progress import silent
from server.verify import MAX_PER_RULE, verify
from server.verify.run import rules

LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,RED MUG,2,2011-01-01 10:00:00,1.50,7.0,France
1,B,BLUE BAG,1,2011-01-01 10:00:00,4.00,7.0,France
2,A,RED MUG,1,2011-01-02 10:00:00,1.50,7.0,France
C3,A,RED MUG,-1,2011-01-03 10:00:00,1.50,7.0,France
"""
REQUEST = "11111111-1111-4111-8111-111111111111"
PAYMENT = (
    "INSERT INTO payments (order_id, gateway, method, token, status, amount_minor, currency, gateway_id, "
    "updated_at) SELECT id, 'demo', 'CARD', '', '{status}', total_minor + {more}, currency, '', placed_at "
    "FROM orders WHERE number = 'OR-1'"
)
GUEST_CART = (
    "INSERT INTO carts (id, currency, version, updated_at, {columns}) "
    "SELECT 1, 'GBP', 1, placed_at, {values} FROM orders WHERE number = 'OR-1'"
)
GUEST = "token_hash, expires_at, merged_user_id"
TAKEN_OVER = "'hash', placed_at, user_id"
CART_ITEM = (
    "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_price_minor) "
    "VALUES (1, 1, 1, {variant}, 1, 150)"
)
COUPON = (
    "INSERT INTO coupons (id, code, percent_bp, used, created_at, updated_at) "
    "SELECT 1, 'TEN', 1000, 1, placed_at, placed_at FROM orders WHERE number = 'OR-1'"
)
COUPON_USE = (
    "INSERT INTO coupon_uses (order_id, coupon_id, user_id) "
    "SELECT id, 1, user_id FROM orders WHERE number = 'OR-1'"
)
POINTS = (
    "INSERT INTO points_entries (user_id, order_id, kind, points, created_at) "
    "SELECT user_id, id, '{kind}', {points}, placed_at FROM orders WHERE number = 'OR-1'"
)
CHARGE = (
    "INSERT INTO gateway_charges "
    "(key, gateway_id, method, status, amount_minor, refunded_minor, currency, problem, created_at) "
    "SELECT '{key}', 'pay_1', 'CARD', 'CAPTURED', {minor}, {refunded}, 'GBP', '', placed_at "
    "FROM orders WHERE number = 'OR-1'"
)
GIFT_CARD = (
    "INSERT INTO gift_cards (id, code_hash, last_four, currency, balance_minor, created_at) "
    "SELECT 1, 'h', '2T01', 'GBP', 100, placed_at FROM orders WHERE number = 'OR-1'"
)
REFUND = (
    "INSERT INTO refunds (id, order_id, amount_minor, tax_minor, shipping_minor, currency, reason, status, key, "
    "gateway_id, problem, attempts, next_attempt_at, created_at, updated_at) "
    "SELECT 1, id, 150, {tax}, 0, '{currency}', '', '{status}', 'k', '', '', 0, {next}, placed_at, placed_at "
    "FROM orders WHERE number = 'OR-1'"
)
OWN_REFUND = (
    "INSERT INTO refunds (id, order_id, return_id, amount_minor, tax_minor, shipping_minor, currency, reason, "
    "status, key, gateway_id, problem, attempts, created_at, updated_at) "
    "SELECT 2, id, 1, 150, 0, 0, 'GBP', '', 'SUCCEEDED', 'own', '', '', 0, placed_at, placed_at "
    "FROM orders WHERE number = 'OR-1'; "
    "INSERT INTO refund_lines (refund_id, position, variant_id, quantity, amount_minor) VALUES (2, 1, 1, 1, 150)"
)
RETURN = (
    "INSERT INTO returns (id, order_id, user_id, status, reason, answer, created_at, updated_at) "
    "SELECT 1, id, user_id, '{status}', 'Why', '', placed_at, placed_at FROM orders WHERE number = 'OR-1'"
)
DISPUTE = (
    "INSERT INTO disputes (id, order_id, refund_id, gateway, gateway_id, status, amount_minor, currency, reason, "
    "opened_at) SELECT 1, id, {refund}, 'stripe', 'dp_1', '{status}', 150, 'GBP', '', placed_at "
    "FROM orders WHERE number = 'OR-1'"
)
MAIL = (
    "INSERT INTO mails (id, key, order_id, kind, recipient, subject, plain, html, status, attempts, error, "
    "created_at, next_attempt_at, retry_until) SELECT 1, '{key}' || id, id, 'placed', 'a@b.test', '', '', '', "
    "'{status}', 0, '', placed_at, placed_at, placed_at FROM orders WHERE number = 'OR-1'"
)
EVENT = (
    "INSERT INTO events (id, transaction_id, topic, key, payload, created_at) SELECT 1000, 0, 'order', "
    'CAST(id AS VARCHAR), \'{{{{"status": "{status}", "user_id": 1}}}}\', placed_at FROM orders '
    "WHERE number = 'OR-1'"
)
REFUND_EVENT = (
    "INSERT INTO events (id, transaction_id, topic, key, payload, created_at) SELECT 1000, 0, 'order', "
    'CAST(id AS VARCHAR), \'{{{{"status": "DELIVERED", "note": true, "user_id": 1, '
    '"{refund}": {{{{"id": 7}}}}}}}}\', '
    "placed_at FROM orders WHERE number = 'OR-1'"
)
PASSED = "UPDATE consumers SET transaction_id = 0, event_id = 1000, first_event_id = 0"
ENDPOINT_BEFORE = (  # changed last long before the orders of the file were placed
    "INSERT INTO webhook_endpoints (id, url, event_types, salt, active, disabled_reason, created_at, updated_at) "
    "VALUES (1, 'https://a.test', '{types}', '', true, '', {{long_ago}}, {{long_ago}})"
)
ENDPOINT = (
    "INSERT INTO webhook_endpoints (id, url, event_types, salt, active, disabled_reason, created_at, updated_at) "
    "SELECT 1, 'https://a.test', '[]', '', true, '', placed_at, placed_at FROM orders WHERE number = 'OR-1'"
)
DELIVERY = (
    "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, event_type, order_id, body, status, attempts, "
    "response_code, error, created_at, next_attempt_at, retry_until) SELECT 1, 1, 1, 'order.placed', id, "
    "'{body}', '{status}', 0, 0, '', placed_at, placed_at, placed_at FROM orders WHERE number = 'OR-1'"
)
IMAGE_FILE = (
    "INSERT INTO media_files (key, digest, claimed_at, doomed_at) VALUES ('k', 'd', {time}, {doomed})"
)
IMAGE = (
    "INSERT INTO product_images (product_id, variant_id, file_key, position, alt, width, height, created_at) "
    "VALUES (1, {variant}, 'k', 0, '', 1, 1, CURRENT_TIMESTAMP)"
)
TIME = "CURRENT_TIMESTAMP"

DAMAGE = {
    "sales-counted": [
        "UPDATE analytics_state SET filled_id = NULL",
        "UPDATE order_facts SET refunded_minor = refunded_minor + 1",
    ],
    "sales-days": ["UPDATE sales_days SET orders = orders + 1"],
    "sales-hours": ["UPDATE sales_hours SET tax_minor = tax_minor + 1"],
    "sales-products": ["UPDATE product_sales SET units = units + 1 WHERE span = 2"],
    "sales-customers": ["DELETE FROM customer_sales WHERE span = 1"],
    "sales-regions": ["UPDATE region_sales SET paid_minor = paid_minor + 1 WHERE span = 2"],
    "sales-regions-whole": ["UPDATE region_sales SET paid_minor = paid_minor + 1"],
    "sales-coupons": ["INSERT INTO coupon_sales VALUES (1, '2011-01-01', 'GBP', 1, 1, 1, 100, 100, 0)"],
    "sales-cohorts": ["UPDATE sales_cohorts SET customers = customers + 1"],
    "image-first": [IMAGE_FILE.format(time=TIME, doomed="NULL"), IMAGE.format(variant="NULL")],
    "image-doomed": [IMAGE_FILE.format(time=TIME, doomed=TIME), IMAGE.format(variant="NULL")],
    "image-variant": [
        IMAGE_FILE.format(time=TIME, doomed="NULL"),
        IMAGE.format(variant="(SELECT id FROM variants WHERE product_id = 2)"),
    ],
    "review-counts": [
        "INSERT INTO reviews (product_id, user_id, rating, title, text, status, created_at, updated_at) "
        f"VALUES (1, 1, 5, '', '', 'PUBLISHED', {TIME}, {TIME})"
    ],
    "review-rating": ["INSERT INTO review_counts (product_id, rating, count) VALUES (1, 5, 2)"],
    "listing-rating": ["UPDATE product_listings SET rating = 3"],
    "mail-key": [MAIL.format(key="shipped/", status="PENDING")],
    "mail-sent": [MAIL.format(key="placed/", status="SENT")],
    **{
        f"mail-missing-{kind}": [EVENT.format(status=status), PASSED]
        for status, kind in KIND_OF_STATUS.items()
    },
    "mail-missing-proof": [
        "INSERT INTO email_proofs (id, purpose, address_key, secret_hash, network, created_at, expires_at) "
        f"VALUES ('p', 'RESET', 'k', 'h', '', {TIME}, {TIME})"
    ],
    "mail-missing-refunded": [REFUND_EVENT.format(refund="refund"), PASSED],
    "mail-missing-refund_failed": [REFUND_EVENT.format(refund="refund_failed"), PASSED],
    "delivery-missing": [
        ENDPOINT_BEFORE.format(types='["order.placed", "order.refunded"]'),
        EVENT.format(status="PENDING_PAYMENT"),
        PASSED,
    ],
    "delivery-missing-refunded": [
        ENDPOINT_BEFORE.format(types="[]"),
        REFUND_EVENT.format(refund="refund"),
        PASSED,
    ],
    "delivery-sent": [ENDPOINT, DELIVERY.format(body="", status="DELIVERED")],
    "delivery-body": [ENDPOINT, DELIVERY.format(body="", status="PENDING")],
    "listing-products": ["DELETE FROM product_listings WHERE list_key = 'all'"],
    "listing-stock": ["UPDATE product_listings SET in_stock = NOT in_stock"],
    "listing-price": ["UPDATE variants SET price_minor = 1 WHERE product_id = 1"],
    "variant-default": ["UPDATE variants SET is_default = false WHERE product_id = 1"],
    "variant-deleted": ["UPDATE variants SET removed = true WHERE product_id = 1"],
    "listing-categories": ["DELETE FROM product_listings WHERE list_key LIKE 'category %'"],
    "line-units": ["UPDATE order_lines SET restocked_quantity = quantity + 1"],
    "line-refunded": ["UPDATE order_lines SET refunded_quantity = 1 WHERE position = 1"],
    "line-paid-back": ["UPDATE order_lines SET refunded_minor = total_minor + 1"],
    "order-ended": ["UPDATE order_lines SET restocked_quantity = 0"],
    "payment-refunded": [
        PAYMENT.format(status="CAPTURED", more=0),
        REFUND.format(tax=0, currency="GBP", status="SUCCEEDED", next="NULL"),
    ],
    "refund-parts": [REFUND.format(tax=1, currency="GBP", status="SUCCEEDED", next="NULL")],
    "refund-currency": [REFUND.format(tax=0, currency="EUR", status="SUCCEEDED", next="NULL")],
    "refund-awaited": [REFUND.format(tax=0, currency="GBP", status="PENDING", next="NULL")],
    "refunded-whole": [
        PAYMENT.format(status="CAPTURED", more=0),
        "UPDATE payments SET captured_minor = amount_minor",
        "UPDATE orders SET status = 'REFUNDED' WHERE number = 'OR-1'",
    ],
    "refunded-moved": [
        PAYMENT.format(status="CAPTURED", more=0),
        "UPDATE payments SET captured_minor = amount_minor, refunded_minor = amount_minor",
        REFUND.format(tax=0, currency="GBP", status="FAILED", next="NULL"),
        "UPDATE orders SET status = 'REFUNDED' WHERE number = 'OR-1'",
    ],
    "moved-refunded": [
        PAYMENT.format(status="CAPTURED", more=0),
        "UPDATE payments SET captured_minor = 150, refunded_minor = 150",
        REFUND.format(tax=0, currency="GBP", status="SUCCEEDED", next="NULL"),
    ],
    "refund-paid-when": [REFUND.format(tax=0, currency="GBP", status="SUCCEEDED", next="NULL")],
    "books-refund-known": [
        CHARGE.format(key="OR-1", minor=700, refunded=50),
        "INSERT INTO gateway_refunds (key, charge_key, amount_minor, created_at) "
        "SELECT 'by-hand', 'OR-1', 50, placed_at FROM orders WHERE number = 'OR-1'",
    ],
    "gateway-id-once": [
        PAYMENT.format(status="CAPTURED", more=0),
        PAYMENT.format(status="CAPTURED", more=0).replace("OR-1", "OR-2"),
        "UPDATE payments SET gateway_id = 'pi_1'",
    ],
    "dispute-shown": [
        PAYMENT.format(status="CAPTURED", more=0),
        DISPUTE.format(refund="NULL", status="OPEN"),
    ],
    "dispute-money": [
        PAYMENT.format(status="CAPTURED", more=0),
        REFUND.format(tax=0, currency="GBP", status="PENDING", next="NULL"),
        DISPUTE.format(refund="1", status="LOST"),
    ],
    "refund-of-dispute": [
        REFUND.format(tax=0, currency="GBP", status="PENDING", next="NULL"),
        "UPDATE refunds SET origin = 'DISPUTE'",
    ],
    "return-open": [RETURN.format(status="REQUESTED")],
    "return-units": [
        RETURN.format(status="RECEIVED"),
        "INSERT INTO return_lines (return_id, position, variant_id, quantity, restocked) VALUES (1, 1, 1, 9, 0)",
    ],
    "line-sent-back": ["UPDATE order_lines SET returning_quantity = 1 WHERE position = 1"],
    "line-ledger": ["UPDATE order_lines SET refunded_quantity = 1, returned_quantity = 2 WHERE position = 1"],
    "return-paid-twice": [
        RETURN.format(status="RECEIVED"),
        REFUND.format(tax=0, currency="GBP", status="SUCCEEDED", next="NULL"),
        *OWN_REFUND.split("; "),
    ],
    "return-restocked-twice": [
        RETURN.format(status="RECEIVED"),
        "INSERT INTO return_lines (return_id, position, variant_id, quantity, restocked, restocked_by_refund) "
        "VALUES (1, 1, 1, 1, 1, 1)",
    ],
    "return-restocked": [
        RETURN.format(status="RECEIVED"),
        "INSERT INTO return_lines (return_id, position, variant_id, quantity, restocked) VALUES (1, 1, 1, 9, 9)",
    ],
    "coupon-used": [COUPON],
    "coupon-used-by-user": [COUPON, COUPON_USE],
    "coupon-of-order": [COUPON, COUPON_USE],
    "coupon-of-cart": [
        "INSERT INTO carts (user_id, currency, version, updated_at, coupon_id) "
        "SELECT user_id, 'GBP', 1, placed_at, 77 FROM orders WHERE number = 'OR-1'",
    ],
    "points-ledger": [POINTS.format(kind="ADJUSTED", points=5)],
    "points-below-zero": [
        "INSERT INTO loyalty_accounts (user_id, points) SELECT user_id, -5 FROM orders WHERE number = 'OR-1'",
    ],
    "points-counted": [
        "UPDATE orders SET points_counted_at = placed_at, delivered_at = NULL WHERE number = 'OR-1'"
    ],
    "points-user": [POINTS.format(kind="ADJUSTED", points=5), "UPDATE orders SET user_id = NULL"],
    "points-earned": [POINTS.format(kind="EARNED", points=5)],
    "points-redeemed": ["UPDATE orders SET points_redeemed = 100 WHERE number = 'OR-1'"],
    "points-reversed": [
        PAYMENT.format(status="CAPTURED", more=0),
        POINTS.format(kind="EARNED", points=5),
        POINTS.format(kind="REVERSED", points=-5),
    ],
    "stock-balance": ["UPDATE inventory_levels SET available = available + 1"],
    "stock-sold": ["UPDATE inventory_levels SET sold = sold + 1, received = received + 1"],
    "stock-allocated": [
        "INSERT INTO stock_allocations (order_id, variant_id, location_id, quantity) "
        "SELECT order_id, variant_id, 1, quantity + 1 FROM order_lines WHERE position = 1"
    ],
    "stock-priority": ["UPDATE inventory_levels SET priority = NULL"],
    "stock-place": ["DELETE FROM inventory_levels WHERE product_id = 1"],
    "stock-product": ["UPDATE inventory_levels SET product_id = 2 WHERE product_id = 1"],
    "order-total": ["UPDATE orders SET total_minor = total_minor + 1"],
    "order-subtotal": [
        "UPDATE orders SET subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1"
    ],
    "order-discount": [
        "UPDATE orders SET discount_minor = 1, total_minor = total_minor - 1",
        "UPDATE order_lines SET discount_minor = 1 WHERE position = 1",
    ],
    "order-parts": ["UPDATE orders SET tax_minor = 1, total_minor = total_minor + 1"],
    "order-line-parts": ["UPDATE order_lines SET shipping_minor = -1"],
    "order-line": ["UPDATE order_lines SET total_minor = total_minor + 5"],
    "order-line-variant": ["UPDATE order_lines SET variant_id = 2 WHERE variant_id = 1"],
    "history-gapless": ["DELETE FROM order_events WHERE sequence = 2"],
    "history-legal": ["UPDATE order_events SET status = 'DELIVERED' WHERE sequence = 2"],
    "shipped-units": [
        """UPDATE orders SET shipments = '[{{"id": 1, "items": [{{"position": 1, "quantity": 999}}]}}]'"""
    ],
    "shipped-when": ["UPDATE orders SET tracking_number = '1Z999'"],
    "shipment-step": ["UPDATE order_events SET shipment_id = 1 WHERE sequence = 1"],
    "delivered-when": ["UPDATE orders SET delivered_at = NULL WHERE number = 'OR-1'"],
    "history-status": ["UPDATE orders SET status = 'SHIPPED' WHERE status = 'DELIVERED'"],
    "request-one-order": [
        f"UPDATE orders SET request_id = '{REQUEST}', user_id = NULL WHERE number = 'OR-1'"
    ],
    "request-has-order": [
        "INSERT INTO idempotency_keys (user_id, method, request_id, body_hash, reply, created_at) "
        f"SELECT id, 'Checkout', '{REQUEST}', 'h', {{blob}}, created_at FROM users",
    ],
    "cart-emptied": [
        f"UPDATE orders SET request_id = '{REQUEST}' WHERE number = 'OR-2'",
        "INSERT INTO carts (id, user_id, currency, version, updated_at) "
        "SELECT 1, user_id, 'GBP', 1, placed_at FROM orders WHERE number = 'OR-1'",
        CART_ITEM.format(variant=1),
    ],
    "cart-owner": [GUEST_CART.format(columns="token_hash", values="'hash'")],
    "cart-taken-over": [GUEST_CART.format(columns=GUEST, values=TAKEN_OVER), CART_ITEM.format(variant=1)],
    "cart-line-variant": [
        GUEST_CART.format(columns=GUEST, values="'hash', placed_at, NULL"),
        CART_ITEM.format(variant=2),
    ],
    "cart-lines": [
        GUEST_CART.format(columns=GUEST, values="'hash', placed_at, NULL"),
        "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_price_minor) "
        "SELECT a.sequence * 100 + b.sequence * 10 + c.sequence, 1, 1, "
        "a.sequence * 100 + b.sequence * 10 + c.sequence, 1, 150 "
        "FROM order_events a, order_events b, order_events c "
        "WHERE a.order_id = 1 AND b.order_id = 1 AND c.order_id = 1",
    ],
    "wishlist-variant": [
        "INSERT INTO wishlist_items (user_id, product_id, variant_id, added_price_minor, created_at) "
        "SELECT user_id, 1, 2, 100, placed_at FROM orders WHERE number = 'OR-1'"
    ],
    "order-has-payment": [f"UPDATE orders SET request_id = '{REQUEST}' WHERE number = 'OR-1'"],
    "payment-captured": [PAYMENT.format(status="PENDING", more=0)],
    "payment-amount": [PAYMENT.format(status="CAPTURED", more=1)],
    "payment-in-books": [PAYMENT.format(status="CAPTURED", more=0)],
    "charge-has-payment": [CHARGE.format(key="SO-NONE", minor=100, refunded=0)],
    "payment-sums": [PAYMENT.format(status="DECLINED", more=0), "UPDATE payments SET refunded_minor = 1"],
    "cancelled-paid-back": [
        PAYMENT.format(status="CAPTURED", more=0),
        "UPDATE payments SET captured_minor = amount_minor",
        "UPDATE orders SET status = 'CANCELLED' WHERE number = 'OR-1'",
    ],
    "books-refunds": [CHARGE.format(key="SO-NONE", minor=100, refunded=50)],
    "refund-promised": [
        PAYMENT.format(status="CAPTURED", more=0),
        CHARGE.format(key="OR-1", minor=700, refunded=700),
    ],
    "refund-in-books": [
        PAYMENT.format(status="CAPTURED", more=0),
        REFUND.format(tax=0, currency="GBP", status="SUCCEEDED", next="NULL"),
    ],
    "gift-card-balance": [GIFT_CARD],
    "gift-card-charge": [
        PAYMENT.format(status="CAPTURED", more=0),
        "UPDATE payments SET gateway = 'gift_card'",
        CHARGE.format(key="OR-1", minor=700, refunded=0),
    ],
    "account-erased": [
        "INSERT INTO erasures (user_id, deleted_at, erased_at) SELECT user_id, placed_at, updated_at FROM orders "
        "WHERE number = 'OR-1'",
        "UPDATE erasures SET erased_at = '2099-01-01 00:00:00.000000+00:00'",
    ],
    "gift-card-refund": [
        GIFT_CARD,
        CHARGE.format(key="OR-1", minor=700, refunded=50),
        "UPDATE gateway_charges SET gift_card_id = 1",
        "INSERT INTO gateway_refunds (key, charge_key, amount_minor, created_at) "
        "SELECT 'k', 'OR-1', 50, placed_at FROM orders WHERE number = 'OR-1'",
    ],
}


@pytest.fixture(scope="module")
def imported_url(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a sound shop that is copied to be damaged."""
    path = tmp_path_factory.mktemp("imported") / "sales.csv"
    path.write_text(LINES)
    engine = connect(module_database_url)
    import_online_retail(engine, path, progress=silent, report=lambda refused: None)
    engine.dispose()
    return module_database_url


@pytest.fixture(scope="module")
def damaged_url(imported_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a copy, which each test makes anew and damages."""
    with copied_database(imported_url, tmp_path_factory.mktemp("damaged")) as url:
        yield url


@pytest.fixture(scope="module")
def compiled(damaged_url: str) -> Iterator[Engine]:
    """An engine of the copy: it compiles the rules, which takes longer than asking them, once for all tests."""
    one = connect(damaged_url)
    yield one
    one.dispose()


@pytest.fixture
def engine(compiled: Engine, imported_url: str, damaged_url: str) -> Engine:
    """An engine of the sound shop."""
    compiled.dispose()
    copy_again(imported_url, damaged_url)
    return compiled


def unguarded(connection: Connection) -> None:
    """Let damage through that the database itself would refuse."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        return
    connection.exec_driver_sql("SET session_replication_role = replica")
    connection.exec_driver_sql("ALTER TABLE inventory_levels DROP CONSTRAINT ck_inventory_levels_balance")
    connection.exec_driver_sql("ALTER TABLE orders DROP CONSTRAINT ck_orders_total")
    connection.exec_driver_sql("ALTER TABLE carts DROP CONSTRAINT ck_carts_expiry")


def damage(engine: Engine, statements: list[str]) -> None:
    sqlite = engine.dialect.name == "sqlite"
    facts = {
        "blob": "x'01'" if sqlite else r"'\x01'::bytea",
        "long_ago": "'2010-01-01 00:00:00.000000'" if sqlite else "'2010-01-01T00:00:00Z'",
    }
    with reading(engine).connect() as connection:  # without a transaction
        unguarded(connection)
        for statement in statements:
            connection.execute(text(statement.format(**facts)))
        connection.invalidate()


def test_a_sound_shop_breaks_no_rule(engine: Engine) -> None:
    assert verify(engine) == []


@pytest.mark.parametrize("rule", sorted(DAMAGE))
def test_damage_is_found_and_named(engine: Engine, rule: str) -> None:
    damage(engine, DAMAGE[rule])
    found = [one for one in verify(engine) if one.rule == rule]
    assert found
    assert all("{" not in one.sentence for one in found)


def test_a_row_without_its_parent_is_found(engine: Engine) -> None:
    damage(engine, ["DELETE FROM users", "DELETE FROM products WHERE id = 2"])
    found = {one.rule for one in verify(engine)}
    assert {
        "reference-orders-user_id",
        "reference-addresses-user_id",
        "reference-variants-product_id",
    } <= found


def test_every_rule_has_its_damage() -> None:
    named = {rule.name for rule in rules() if not rule.name.startswith("reference-")}
    # A unique index, which cannot be switched off, guards the numbers of orders on both databases
    assert named == {*DAMAGE, "order-number"}


def test_much_damage_is_reported_in_few_lines(engine: Engine) -> None:
    lines = (
        "INSERT INTO order_lines (order_id, position, product_id, variant_id, sku, name, quantity, price_minor, "
        "total_minor) SELECT 1, 1000 + a.sequence * 100 + b.sequence * 10 + c.sequence, 1, 1, 'A', 'Mug', 1, 150, "
        "999 FROM order_events a, order_events b, order_events c"
    )
    damage(engine, [lines + " WHERE a.order_id = 1 AND b.order_id = 1 AND c.order_id = 1"])
    assert len([one for one in verify(engine) if one.rule == "order-line"]) == MAX_PER_RULE


def test_a_row_that_looks_like_markup_is_printed_as_it_is(
    engine: Engine, damaged_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(engine, ["UPDATE orders SET number = '[/x]', total_minor = total_minor + 1 WHERE number = 'OR-1'"])
    assert verify_database(test_settings(damaged_url, tmp_path)) == 1
    assert "order [/x]: total" in capsys.readouterr().out
