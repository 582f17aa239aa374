"""The cost of one call: Sanset beside a bare echo and a shop as teams write it today."""
