"""Why the catalogue refuses."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied, Refusal


class ProductNotFound(NotFound):
    """No such product, or it was deleted."""

    message = "There is no product {product_id}."


class ProductOfSlugNotFound(NotFound, reason="PRODUCT_NOT_FOUND"):
    """No product has the slug."""

    message = "There is no product {slug}."


class ProductVariantNotFound(NotFound, reason="PRODUCT_NOT_FOUND"):
    """No such variant of such a product."""

    message = "There is no product {product_id} with variant {variant_id}."


def not_found(product_id: int, variant_id: int | None) -> Refusal:
    """The refusal of a product, or of a variant of it if one was named."""
    if variant_id:
        return ProductVariantNotFound(product_id=product_id, variant_id=variant_id)
    return ProductNotFound(product_id=product_id)


class CategoryNotFound(NotFound):
    """No such category."""

    message = "There is no category {category}."


class LocationNotFound(NotFound):
    """No such location."""

    message = "There is no location {location_id}."


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
    """Something is still in the category."""

    message = "The category {category_id} still has products or categories below it: move them first."


class CategoryCycle(FailedPrecondition):
    """A category cannot be below itself."""

    message = "The category {category_id} cannot be moved below itself ({parent_id})."
