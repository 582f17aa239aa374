"""Imports files of products: CSV and JSON lines, row by row, what is sound and what is not."""
