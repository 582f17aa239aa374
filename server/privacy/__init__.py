"""Accounts that are deleted: what is done at once, and how everything personal of them is erased afterwards."""
