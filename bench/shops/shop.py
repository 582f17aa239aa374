"""Interfaces of the shops under measurement: their calls, and the processes that do their work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bench.calls import PreparedCall, Target
from bench.cpu import Processes


@dataclass(frozen=True)
class Buyer:
    """A signed-in customer with an address and a cart of their own."""

    token: str
    address_id: int


class Reader(Protocol):
    """Something that answers reads of one product."""

    @property
    def name(self) -> str:
        """The name in the results."""

    @property
    def target(self) -> Target:
        """Its port and protocol."""

    @property
    def processes(self) -> Processes:
        """The processes whose trees do its work, the database's apart."""

    def get_product(self, product_id: int) -> PreparedCall:
        """Read a product of the data set, signed in."""


class MeasuredShop(Reader, Protocol):
    """A whole shop."""

    def list_products(self, category: str) -> PreparedCall:
        """Read the first twenty products of a category."""

    def recommendations(self, customer: int) -> PreparedCall:
        """Read ten recommendations for a customer of the data set, as an administrator."""

    def buyer(self, number: int) -> Buyer:
        """A customer of the data set, signed in."""

    def add_item(self, buyer: Buyer, product_id: int) -> PreparedCall:
        """Put one of a product into a buyer's cart."""

    def login(self, number: int) -> PreparedCall:
        """Sign a customer of the data set in."""

    def get_cart(self, buyer: Buyer) -> PreparedCall:
        """Read a buyer's cart."""

    def list_orders(self, buyer: Buyer, page_size: int) -> PreparedCall:
        """Read a buyer's newest orders."""

    def checkout(self, buyer: Buyer, request_id: str) -> PreparedCall:
        """Order what is in a buyer's cart."""
