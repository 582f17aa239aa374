"""The rules of prices: what an order cost in parts is what its lines cost in parts."""

from __future__ import annotations

from typing import Final

from server.verify.rule import Rule

PRICING: Final = (
    Rule(
        "order-discount",
        "order {number}: discount {discount_minor} is not the sum of its parts: product "
        "{product_discount_minor}, tier {tier_discount_minor}, coupon {coupon_discount_minor}, points "
        "{points_discount_minor}; or one of them "
        "is below zero",
        """
        SELECT number, discount_minor, product_discount_minor, tier_discount_minor, coupon_discount_minor,
               points_discount_minor
        FROM orders
        WHERE discount_minor <> product_discount_minor + tier_discount_minor + coupon_discount_minor
                                + points_discount_minor
           OR product_discount_minor < 0 OR tier_discount_minor < 0 OR coupon_discount_minor < 0
           OR points_discount_minor < 0
        ORDER BY id
        """,
    ),
    Rule(
        "order-parts",
        "order {number}: its lines sum to a product discount of {products}, other discounts of {discounts}, tax "
        "{taxes} and shipping {shippings}, but it says {product_discount_minor}, {other_minor}, {tax_minor} and "
        "{shipping_minor}",
        """
        SELECT orders.number, orders.product_discount_minor, orders.tax_minor, orders.shipping_minor,
               orders.discount_minor - orders.product_discount_minor AS other_minor,
               lines.products, lines.discounts, lines.taxes, lines.shippings
        FROM orders
        JOIN (
            SELECT order_id, SUM((list_price_minor - price_minor) * quantity) AS products,
                   SUM(discount_minor) AS discounts, SUM(tax_minor) AS taxes, SUM(shipping_minor) AS shippings
            FROM order_lines
            GROUP BY order_id
        ) AS lines ON lines.order_id = orders.id
        WHERE lines.products <> orders.product_discount_minor
           OR lines.discounts <> orders.discount_minor - orders.product_discount_minor
           OR lines.taxes <> orders.tax_minor
           OR lines.shippings <> orders.shipping_minor
        ORDER BY orders.id
        """,
    ),
    Rule(
        "order-line-parts",
        "order {order_id}, line {position}: of {total_minor} at {price_minor} (list price {list_price_minor}), "
        "{discount_minor} came off; tax {tax_minor}, shipping {shipping_minor}: one of them is out of bounds",
        """
        SELECT order_id, position, total_minor, price_minor, list_price_minor, discount_minor, tax_minor,
               shipping_minor
        FROM order_lines
        WHERE list_price_minor < price_minor OR discount_minor < 0 OR discount_minor > total_minor
           OR tax_minor < 0 OR shipping_minor < 0
        ORDER BY order_id, position
        """,
    ),
)
