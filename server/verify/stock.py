"""The rules of stock: received = available + sold, sold is what orders hold, and the lists say what is left."""

from __future__ import annotations

from typing import Final

from server.verify.rule import Rule

STOCK: Final = (
    Rule(
        "stock-balance",
        "variant {variant_id} at location {location_id}: received {received} is not available {available} "
        "+ sold {sold}, or one of them is below zero",
        """
        SELECT variant_id, location_id, received, available, sold
        FROM inventory_levels
        WHERE received <> available + sold OR available < 0 OR sold < 0
        ORDER BY variant_id, location_id
        """,
    ),
    Rule(
        # What is not allocated to a location came from the default one, 1.
        "stock-sold",
        "variant {variant_id} at location {location_id}: {sold} units are counted as sold, but orders hold "
        "{ordered} that did not come back",
        """
        SELECT variant_id, location_id, SUM(sold) AS sold, SUM(ordered) AS ordered
        FROM (
            SELECT variant_id, location_id, sold, 0 AS ordered FROM inventory_levels
            UNION ALL
            SELECT variant_id, 1, 0, quantity - restocked_quantity FROM order_lines
            UNION ALL
            SELECT variant_id, location_id, 0, quantity - restocked_quantity FROM stock_allocations
            UNION ALL
            SELECT variant_id, 1, 0, restocked_quantity - quantity FROM stock_allocations
        ) AS moved
        GROUP BY variant_id, location_id
        HAVING SUM(sold) <> SUM(ordered)
        ORDER BY variant_id, location_id
        """,
    ),
    Rule(
        "stock-allocated",
        "order {order_id}, variant {variant_id}: {allocated} units were allocated to locations, of which {back} "
        "are back there, but the order has {quantity}, of which {restocked} are back",
        """
        SELECT lines.order_id, lines.variant_id, allocations.quantity AS allocated,
               allocations.restocked_quantity AS back, lines.quantity, lines.restocked_quantity AS restocked
        FROM (
            SELECT order_id, variant_id, SUM(quantity) AS quantity, SUM(restocked_quantity) AS restocked_quantity
            FROM stock_allocations GROUP BY order_id, variant_id
        ) AS allocations
        JOIN (
            SELECT order_id, variant_id, SUM(quantity) AS quantity, SUM(restocked_quantity) AS restocked_quantity
            FROM order_lines
            WHERE order_id IN (SELECT order_id FROM stock_allocations)
            GROUP BY order_id, variant_id
        ) AS lines ON lines.order_id = allocations.order_id AND lines.variant_id = allocations.variant_id
        WHERE allocations.quantity > lines.quantity
           OR allocations.restocked_quantity > lines.restocked_quantity
           OR lines.restocked_quantity - allocations.restocked_quantity > lines.quantity - allocations.quantity
        ORDER BY lines.order_id, lines.variant_id
        """,
    ),
    Rule(
        "stock-priority",
        "variant {variant_id} at location {location_id}: serves by the priority {priority}, but its location "
        "by {current}, or one of them serves not at all",
        """
        SELECT inventory_levels.variant_id, inventory_levels.location_id, inventory_levels.priority,
               locations.priority AS current
        FROM inventory_levels JOIN locations ON locations.id = inventory_levels.location_id
        WHERE COALESCE(inventory_levels.priority, -1)
              <> CASE WHEN locations.active THEN locations.priority ELSE -1 END
          AND NOT locations.levels_pending
        ORDER BY inventory_levels.variant_id, inventory_levels.location_id
        """,
    ),
    Rule(
        "stock-place",
        "product {product_id}: has {defaults} default variants with stock somewhere, where one is needed",
        """
        SELECT products.id AS product_id, COUNT(DISTINCT inventory_levels.variant_id) AS defaults
        FROM products
        LEFT JOIN variants ON variants.product_id = products.id AND variants.is_default
        LEFT JOIN inventory_levels ON inventory_levels.variant_id = variants.id
        GROUP BY products.id
        HAVING COUNT(DISTINCT inventory_levels.variant_id) <> 1
        ORDER BY products.id
        """,
    ),
    Rule(
        "stock-product",
        "variant {variant_id}: its stock is booked on product {booked}, but it belongs to product {product_id}",
        """
        SELECT variants.id AS variant_id, variants.product_id, inventory_levels.product_id AS booked
        FROM inventory_levels JOIN variants ON variants.id = inventory_levels.variant_id
        WHERE variants.product_id <> inventory_levels.product_id
        ORDER BY variants.id
        """,
    ),
    Rule(
        "listing-products",
        "product {product_id}: stands on {lists} lists, and was {deleted} times deleted",
        """
        SELECT products.id AS product_id, COUNT(product_listings.list_key) AS lists,
               COUNT(products.deleted_at) AS deleted
        FROM products LEFT JOIN product_listings
          ON product_listings.product_id = products.id AND product_listings.list_key = 'all'
        WHERE (products.deleted_at IS NULL) = (product_listings.list_key IS NULL)
        GROUP BY products.id
        ORDER BY products.id
        """,
    ),
    Rule(
        "listing-stock",
        "product {product_id}: the list {list_key} says in stock: {in_stock}, but {available} units are available",
        """
        SELECT product_listings.product_id, product_listings.list_key, product_listings.in_stock,
               stock.available
        FROM product_listings
        JOIN (
            SELECT inventory_levels.product_id,
                   SUM(CASE WHEN variants.deleted_at IS NULL AND inventory_levels.priority IS NOT NULL
                       THEN available ELSE 0 END) AS available
            FROM inventory_levels JOIN variants ON variants.id = inventory_levels.variant_id
            GROUP BY inventory_levels.product_id
        ) AS stock ON stock.product_id = product_listings.product_id
        WHERE product_listings.in_stock <> (stock.available > 0)
        ORDER BY product_listings.product_id, product_listings.list_key
        """,
    ),
    Rule(
        "listing-price",
        "product {product_id}: costs {price_minor} on the list {list_key}, its cheapest variant {cheapest}",
        """
        SELECT product_listings.product_id, product_listings.list_key, product_listings.price_minor, cheapest
        FROM product_listings
        JOIN (
            SELECT products.id, MIN(COALESCE(variants.price_minor, products.price_minor)) AS cheapest
            FROM products
            JOIN variants ON variants.product_id = products.id AND variants.deleted_at IS NULL
            WHERE products.discount_bp IS NULL AND products.discount_minor IS NULL
            GROUP BY products.id
        ) AS priced ON priced.id = product_listings.product_id
        WHERE product_listings.price_minor <> cheapest
        ORDER BY product_listings.product_id, product_listings.list_key
        """,
    ),
    Rule(
        "variant-default",
        "product {product_id}: has {defaults} default variants that are deleted if and only if it is, not one",
        """
        SELECT products.id AS product_id, COUNT(variants.id) AS defaults
        FROM products LEFT JOIN variants
          ON variants.product_id = products.id AND variants.is_default AND NOT variants.removed
         AND (variants.deleted_at IS NULL) = (products.deleted_at IS NULL)
        GROUP BY products.id
        HAVING COUNT(variants.id) <> 1
        ORDER BY products.id
        """,
    ),
    Rule(
        "variant-deleted",
        "variant {variant_id}: is on sale, although it or its product {product_id} was deleted",
        """
        SELECT variants.id AS variant_id, variants.product_id
        FROM variants JOIN products ON products.id = variants.product_id
        WHERE variants.deleted_at IS NULL AND (products.deleted_at IS NOT NULL OR variants.removed)
        ORDER BY variants.id
        """,
    ),
    Rule(
        "listing-categories",
        "product {product_id}: does not stand on the list of its category {category_id}",
        """
        SELECT products.id AS product_id, products.category_id
        FROM products LEFT JOIN product_listings
          ON product_listings.product_id = products.id
         AND product_listings.list_key = 'category ' || products.category_id
        WHERE products.deleted_at IS NULL AND products.category_id IS NOT NULL
          AND product_listings.list_key IS NULL
        ORDER BY products.id
        """,
    ),
)
