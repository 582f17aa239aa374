"""What sells and is visited now."""
