"""What people do in the shop: recorded, kept as histories, guarded against floods."""
