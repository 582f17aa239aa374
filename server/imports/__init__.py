"""Brings other shops' data in, as catalogue, customers and orders of this one."""
