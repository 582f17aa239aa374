"""Why the catalogue refuses."""

from __future__ import annotations

from server.errors import Aborted, AlreadyExists, FailedPrecondition, NotFound, PermissionDenied


class ProductNotFound(NotFound):
    """No such product, or it was deleted."""

    message = "There is no product {product}."


class VariantNotFound(NotFound):
    """The product has no such variant."""

    message = "The product {product_id} has no variant {variant_id}."


class CategoryNotFound(NotFound):
    """No such category."""

    message = "There is no category {category}."


class NotTheOwner(PermissionDenied):
    """A vendor touched another's product."""

    message = "The product {product_id} belongs to another vendor."


class SlugTaken(AlreadyExists):
    """The slug names another product."""

    message = "The slug {slug} is taken by another product."


class SkuTaken(AlreadyExists):
    """The sku names another product."""

    message = "The sku {sku} is taken by another product."


class CategoryTaken(AlreadyExists):
    """Another category has the slug, or one beside it the name."""

    message = "There is another category {category}: choose another name or slug."


class CategoryInUse(FailedPrecondition):
    """Something is still on the shelf."""

    message = "The category {category_id} still has products or categories below it: move them first."


class CategoryCycle(FailedPrecondition):
    """A category cannot be below itself."""

    message = "The category {category_id} cannot be moved below itself ({parent_id})."


class OutOfStock(FailedPrecondition):
    """Less is left than wanted."""

    message = "Only {available} of {product} left; {wanted} wanted."


class StockChanged(Aborted):
    """Something was sold or came back since the stock was counted."""

    message = "{available} units can be ordered by now, {expected} when they were counted: count again."


class NegativeStock(FailedPrecondition):
    """More would be taken than is there."""

    message = "Only {available} are in stock; {taken} cannot be taken."
