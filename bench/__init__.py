"""What one call costs: Sanset beside a bare echo and a shop as teams write it today."""
