"""Imports other shops' data as products, customers and orders of this one."""
