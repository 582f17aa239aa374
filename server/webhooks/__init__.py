"""Webhooks: addresses that are told of orders."""
