"""What lowers the price of an order: coupons, loyalty tiers and points."""
