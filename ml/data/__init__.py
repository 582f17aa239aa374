"""What models learn from: products, orders and behaviour as arrays, and where they are read from."""
