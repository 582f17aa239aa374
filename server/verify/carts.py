"""The rules of carts and wishlists: whose they are, and what their lines name."""

from __future__ import annotations

from typing import Final

from server.cart.service import MAX_LINES
from server.verify.rule import Rule

CARTS: Final = (
    Rule(
        "cart-owner",
        "cart {id}: has the user {user_id}, {tokens} tokens and {expiries} expiries; it is a user's, which stays, "
        "or a guest's, which has a token and expires",
        """
        SELECT id, user_id,
               CASE WHEN token_hash IS NULL THEN 0 ELSE 1 END AS tokens,
               CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END AS expiries
        FROM carts
        WHERE (user_id IS NULL AND (token_hash IS NULL OR expires_at IS NULL))
           OR (user_id IS NOT NULL AND (token_hash IS NOT NULL OR expires_at IS NOT NULL))
        ORDER BY id
        """,
    ),
    Rule(
        "cart-taken-over",
        "cart {id}: user {merged_user_id} took it over, but it still holds {lines} lines or is user {user_id}'s",
        """
        SELECT carts.id, carts.merged_user_id, carts.user_id, COUNT(cart_items.id) AS lines
        FROM carts LEFT JOIN cart_items ON cart_items.cart_id = carts.id
        WHERE carts.merged_user_id IS NOT NULL
        GROUP BY carts.id, carts.merged_user_id, carts.user_id
        HAVING COUNT(cart_items.id) > 0 OR carts.user_id IS NOT NULL
        ORDER BY carts.id
        """,
    ),
    Rule(
        "cart-line-variant",
        "cart {cart_id}, line {id}: {quantity} units of variant {variant_id}, which is not of product "
        "{product_id}, or no units at all",
        """
        SELECT cart_items.cart_id, cart_items.id, cart_items.quantity, cart_items.variant_id,
               cart_items.product_id
        FROM cart_items JOIN variants ON variants.id = cart_items.variant_id
        WHERE variants.product_id <> cart_items.product_id OR cart_items.quantity <= 0
        ORDER BY cart_items.id
        """,
    ),
    Rule(
        "cart-lines",
        f"cart {{id}}: holds {{lines}} lines, of which there may be {MAX_LINES}",
        f"""
        SELECT cart_id AS id, COUNT(*) AS lines FROM cart_items
        GROUP BY cart_id
        HAVING COUNT(*) > {MAX_LINES}
        ORDER BY cart_id
        """,  # noqa: S608 - a number of this project's own
    ),
    Rule(
        "wishlist-variant",
        "user {user_id} wishes for variant {variant_id}, which is not of product {product_id}",
        """
        SELECT wishlist_items.user_id, wishlist_items.variant_id, wishlist_items.product_id
        FROM wishlist_items JOIN variants ON variants.id = wishlist_items.variant_id
        WHERE variants.product_id <> wishlist_items.product_id
        ORDER BY wishlist_items.user_id, wishlist_items.product_id
        """,
    ),
)
