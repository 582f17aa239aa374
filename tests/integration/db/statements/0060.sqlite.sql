DELETE FROM account_notices WHERE account_notices."key" IN (SELECT account_notices."key" FROM account_notices ORDER BY account_notices.created_at LIMIT ? OFFSET ?) RETURNING "key", kind, user_id, recipient, full_name, language, facts, created_at
DELETE FROM cart_items WHERE cart_items.cart_id = ?
DELETE FROM product_listings WHERE product_listings.product_id IN (?) RETURNING list_key
DELETE FROM synonym_terms WHERE synonym_terms.synonym_id = ?
DELETE FROM synonyms WHERE synonyms.id = ?
INSERT INTO account_notices ("key", kind, user_id, recipient, full_name, language, facts, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO addresses (id, user_id, label, line1, line2, city, state, postal_code, country, lat, lng, is_default, custom_metadata, sealed, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, label, line1, line2, city, state, postal_code, country, lat, lng, is_default, custom_metadata, sealed, created_at, version
INSERT INTO audit_entries (at, actor_id, is_service, action, subject, event, occurrences, request_id, address, details, personal_salt, personal_digest, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO behavior_events (user_id, visitor_id, kind, product_id, "query", custom_metadata, list_id, model_version, origin, occurred_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_price_minor) VALUES (?, ?, ?, ?, ?, ?)
INSERT INTO carts (user_id, currency, version, updated_at) VALUES (?, coalesce((SELECT products.currency FROM products WHERE products.id = ?), ?), ?, ?) ON CONFLICT (user_id) DO UPDATE SET currency = CASE WHEN (EXISTS (SELECT * FROM cart_items WHERE cart_items.cart_id = carts.id)) THEN carts.currency ELSE excluded.currency END, version = (carts.version + ?), updated_at = CASE WHEN (carts.updated_at > excluded.updated_at) THEN carts.updated_at ELSE excluded.updated_at END, shown = ?, notes = CASE WHEN (EXISTS (SELECT * FROM cart_items WHERE cart_items.cart_id = carts.id)) THEN carts.notes ELSE ? END RETURNING id, currency, coupon_id, points, notes, shown, (SELECT coalesce(max(cart_items.id), ?) + ? AS anon_1 FROM cart_items) AS next_line_id
INSERT INTO categories (parent_id, name, name_key, slug, description, translations) VALUES (?, ?, ?, ?, ?, ?) RETURNING id
INSERT INTO email_proofs (id, purpose, address_key, user_id, network, new_email, session_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO events (transaction_id, topic, "key", payload, created_at) VALUES (0, ?, ?, ?, ?) RETURNING id
INSERT INTO events (transaction_id, topic, "key", payload, created_at) VALUES (0, ?, ?, ?, ?), (0, ?, ?, ?, ?) RETURNING id
INSERT INTO gateway_charges ("key", gateway_id, method, status, amount_minor, refunded_minor, currency, problem, decline_code, gift_card_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING gateway_id
INSERT INTO gateway_refunds ("key", charge_key, amount_minor, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING "key"
INSERT INTO idempotency_keys (user_id, method, request_id, body_hash, reply, created_at) VALUES (?, ?, ?, ?, ?, CASE WHEN ((SELECT count(*) AS count_1 FROM (SELECT ? AS anon_2 FROM idempotency_keys WHERE idempotency_keys.user_id = ? LIMIT ? OFFSET ?) AS anon_1) < ?) THEN ? END)
INSERT INTO idempotency_keys (user_id, method, request_id, body_hash, reply, created_at, leased_until) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING request_id
INSERT INTO inventory_levels (variant_id, location_id, product_id, available, received, sold, priority) VALUES (?, ?, ?, ?, ?, ?, (SELECT CASE WHEN locations.active THEN locations.priority ELSE NULL END AS anon_1 FROM locations WHERE locations.id = ?)) RETURNING priority IS NOT NULL AS anon_2
INSERT INTO loyalty_accounts (user_id, points, owed, lifetime) VALUES (?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET points = (loyalty_accounts.points + excluded.points), owed = (loyalty_accounts.owed + excluded.owed), lifetime = (loyalty_accounts.lifetime + excluded.lifetime)
INSERT INTO mails ("key", order_id, user_id, kind, recipient, subject, plain, html, status, about, attempts, error, created_at, next_attempt_at, retry_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("key") DO NOTHING RETURNING id
INSERT INTO media_files ("key", digest, claimed_at) VALUES (?, ?, ?) ON CONFLICT (digest) WHERE doomed_at IS NULL DO UPDATE SET claimed_at = ? RETURNING "key"
INSERT INTO order_events (order_id, sequence, status, message, location, eta, shipment_id, code, facts, occurred_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO order_lines (order_id, position, product_id, variant_id, sku, name, quantity, price_minor, total_minor, list_price_minor, discount_minor, tax_minor, shipping_minor, options) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO orders (id, number, user_id, request_id, status, currency, subtotal_minor, discount_minor, product_discount_minor, tier_discount_minor, coupon_discount_minor, points_discount_minor, points_redeemed, points_earned, coupon_id, coupon_code, tax_minor, shipping_minor, total_minor, address, delivery_option, language, custom_metadata, tracking_number, eta, last_sequence, reserved_until, placed_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO payments (order_id, gateway, method, token, status, amount_minor, captured_minor, refunded_minor, currency, gateway_id, problem, decline_code, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO points_entries (user_id, order_id, kind, points, reason, ref, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
INSERT INTO product_images (product_id, variant_id, file_key, position, alt, width, height, version, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, product_id, variant_id, file_key, position, alt, width, height, version, created_at
INSERT INTO product_listings (list_key, product_id, phase, valid_from, valid_until, in_stock, price_minor, created_at, name_key, sold, rating) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO products (sku, slug, name, description, category_id, brand, price_minor, compare_at_minor, discount_bp, discount_minor, discount_from, discount_until, currency, max_quantity, max_quantity_days, attributes, custom_metadata, tags, seo_title, seo_description, vendor_id, rating, reviews_count, image, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id
INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES (?, ?, ?)
INSERT INTO refund_lines (refund_id, position, variant_id, quantity, returned_quantity, amount_minor) VALUES (?, ?, ?, ?, ?, ?)
INSERT INTO refunds (order_id, return_id, actor_id, amount_minor, tax_minor, shipping_minor, currency, reason, origin, status, before_shipping, "key", gateway_id, problem, attempts, next_attempt_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("key") DO NOTHING RETURNING id
INSERT INTO return_lines (return_id, position, variant_id, quantity) VALUES (?, ?, ?, ?)
INSERT INTO returns (order_id, user_id, status, reason, answer, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
INSERT INTO review_counts (product_id, rating, count) VALUES (?, ?, ?) ON CONFLICT (product_id, rating) DO UPDATE SET count = (review_counts.count + ?)
INSERT INTO reviews (product_id, user_id, rating, title, text, status, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id
INSERT INTO searches (list_id, "query", result_count, shown_count, first_position, corrected, user_id, visitor_id, origin, searched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO sessions (id, user_id, device, ip, signed_in_from, created_at, last_used_at, expires_at, second_factor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO shown_lists (list_id, model_version, kind, user_id, visitor_id, experiment_id, product_ids, shown_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO sign_in_counts ("key", user_id, started_at, attempts, failures) VALUES (?, ?, ?, ?, ?) ON CONFLICT ("key") DO UPDATE SET started_at = CASE WHEN (sign_in_counts.started_at <= ?) THEN ? ELSE sign_in_counts.started_at END, attempts = CASE WHEN (sign_in_counts.started_at <= ?) THEN ? ELSE sign_in_counts.attempts + ? END, failures = CASE WHEN (sign_in_counts.started_at <= ?) THEN ? ELSE sign_in_counts.failures + ? END RETURNING attempts, started_at, failures, locked_until
INSERT INTO synonym_terms (one_way, term_key, synonym_id) VALUES (?, ?, ?), (?, ?, ?) ON CONFLICT DO NOTHING RETURNING term_key
INSERT INTO synonyms (input, terms, created_at, updated_at) VALUES (?, ?, ?, ?) RETURNING id
INSERT INTO users (email, email_key, username, username_key, full_name, phone, password_hash, role, is_active, email_verify_time, preferences, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id, email, username, full_name, phone, sealed_phone, role, email_verify_time, preferences, custom_metadata, created_at, updated_at, version
INSERT INTO variants (product_id, sku, options, is_default, image) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id
UPDATE addresses SET is_default=?, version=(addresses.version + ?) WHERE addresses.user_id = ? AND addresses.is_default = 1
UPDATE carts SET shown=? WHERE carts.user_id = ? AND carts.version = ?
UPDATE carts SET version=(carts.version + ?), updated_at=CASE WHEN (carts.updated_at > ?) THEN carts.updated_at ELSE ? END, notes=? WHERE carts.user_id = ?
UPDATE consumers SET event_id=? WHERE consumers.name = ? AND consumers.transaction_id = ? AND consumers.event_id = ?
UPDATE email_proofs SET secret_hash=? WHERE email_proofs.id = ? AND email_proofs.secret_hash IS NULL AND email_proofs.used_at IS NULL RETURNING id
UPDATE gateway_charges SET refunded_minor=(gateway_charges.refunded_minor + ?) WHERE gateway_charges."key" = ? AND gateway_charges.status = ? AND gateway_charges.currency = ? AND gateway_charges.refunded_minor + ? <= gateway_charges.amount_minor RETURNING gift_card_id
UPDATE idempotency_keys SET reply=?, leased_until=? WHERE idempotency_keys.user_id = ? AND idempotency_keys.method = ? AND idempotency_keys.request_id = ? AND idempotency_keys.reply IS NULL
UPDATE inventory_levels SET available=(inventory_levels.available - CASE WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? END), sold=(inventory_levels.sold + CASE WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? END) WHERE inventory_levels.variant_id IN (?, ?) AND CASE WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? END IS NOT NULL AND inventory_levels.available >= CASE WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? WHEN (inventory_levels.variant_id = ? AND inventory_levels.location_id = ?) THEN ? END
UPDATE mails SET status=?, attempts=(mails.attempts + ?), error=?, sent_at=? WHERE mails.id = ? AND mails.status = 'PENDING'
UPDATE order_lines SET refunded_quantity=(order_lines.refunded_quantity + ?), refunded_minor=(order_lines.refunded_minor + ?) WHERE order_lines.order_id = ? AND order_lines.position = ?
UPDATE order_lines SET restocked_quantity=(order_lines.restocked_quantity + ?) WHERE order_lines.order_id = ? AND order_lines.position = ?
UPDATE order_lines SET returning_quantity=(order_lines.returning_quantity + ? * ?), returned_quantity=(order_lines.returned_quantity + ? * ?) WHERE order_lines.order_id = ? AND order_lines.position = ?
UPDATE order_lines SET withheld_quantity=order_lines.refunded_quantity WHERE order_lines.order_id = ? AND order_lines.refunded_quantity > ?
UPDATE orders SET delivered_at=? WHERE orders.id = ? AND orders.delivered_at IS NULL
UPDATE orders SET status=?, eta=coalesce(?, orders.eta), last_sequence=(orders.last_sequence + ?), reserved_until=?, updated_at=? WHERE orders.id = ? AND orders.status = ? RETURNING last_sequence
UPDATE orders SET updated_at=? WHERE orders.id = ?
UPDATE payments SET refunded_minor=(payments.refunded_minor + ?), updated_at=? WHERE payments.order_id = ? AND payments.status = ? AND payments.refunded_minor + ? <= payments.captured_minor RETURNING refunded_minor
UPDATE payments SET token=?, status=?, captured_minor=?, gateway_id=?, problem=?, decline_code=?, payment_url=?, updated_at=? WHERE payments.order_id = ?
UPDATE product_listings SET rating=? WHERE product_listings.product_id = ? RETURNING list_key
UPDATE products SET image=?, version=(products.version + ?), updated_at=? WHERE products.id = ?
UPDATE products SET name=?, version=(products.version + ?), updated_at=? WHERE products.id = ?
UPDATE products SET rating=?, reviews_count=? WHERE products.id = ?
UPDATE products SET version=(products.version + ?), updated_at=?, deleted_at=? WHERE products.id = ?
UPDATE refunds SET attempts=(refunds.attempts + ?), next_attempt_at=?, updated_at=? WHERE refunds.id = ? AND refunds.status = ?
UPDATE refunds SET status=?, paid_at=?, gateway_id=?, problem=?, next_attempt_at=?, updated_at=? WHERE refunds.id = ? AND refunds.status IN (?)
UPDATE returns SET status=?, answer=?, updated_at=? WHERE returns.id = ? AND returns.status = ?
UPDATE returns SET status=?, updated_at=? WHERE returns.id = ? AND returns.status = ?
UPDATE sessions SET revoked_at=? WHERE sessions.id = ? AND sessions.user_id = ? AND sessions.revoked_at IS NULL RETURNING id
UPDATE variants SET deleted_at=? WHERE variants.product_id = ? AND variants.removed IS 0
UPDATE variants SET image=coalesce((SELECT product_images.file_key FROM product_images WHERE product_images.variant_id = variants.id ORDER BY product_images.position, product_images.id LIMIT ? OFFSET ?), ?) WHERE variants.product_id = ? AND variants.image != coalesce((SELECT product_images.file_key FROM product_images WHERE product_images.variant_id = variants.id ORDER BY product_images.position, product_images.id LIMIT ? OFFSET ?), ?)
WITH RECURSIVE lineage(below, id, parent_id) AS (SELECT categories.id AS below, categories.id AS id, categories.parent_id AS parent_id FROM categories WHERE categories.id IN (?) UNION SELECT lineage.below AS below, categories_1.id AS id, categories_1.parent_id AS parent_id FROM categories AS categories_1 JOIN lineage ON categories_1.id = lineage.parent_id) SELECT lineage.below, lineage.id FROM lineage
