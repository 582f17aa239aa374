"""What goods cost, on plain values."""
