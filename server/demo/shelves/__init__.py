"""The catalogue of the demo shop: one module per group of departments, all of it data."""

from __future__ import annotations

from server.demo.shelves.active import ACTIVE
from server.demo.shelves.books import BOOKS
from server.demo.shelves.family import FAMILY
from server.demo.shelves.fashion import FASHION
from server.demo.shelves.food import FOOD
from server.demo.shelves.garden import GARDEN
from server.demo.shelves.home import HOME
from server.demo.shelves.self_care import SELF_CARE
from server.demo.shelves.shelf import DemoShelf, Department, ProductKind
from server.demo.shelves.work import WORK

DEPARTMENTS: tuple[Department, ...] = (
    *HOME,
    *GARDEN,
    *FOOD,
    *SELF_CARE,
    *FASHION,
    *ACTIVE,
    *WORK,
    *BOOKS,
    *FAMILY,
)

__all__ = ["DEPARTMENTS", "DemoShelf", "Department", "ProductKind"]
