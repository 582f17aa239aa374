"""Shops that Sanset is measured against."""
