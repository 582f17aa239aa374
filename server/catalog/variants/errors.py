"""Why a variant is refused."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, NotFound


class VariantNotFound(NotFound):
    """The product has no such variant."""

    message = "The product {product_id} has no variant {variant_id}."


class OptionsTaken(AlreadyExists):
    """Another variant of the product has the options."""

    message = "The product {product_id} has these options already, as variant {variant_id}: {options}."


class LastVariant(FailedPrecondition):
    """A product without a variant could not be bought."""

    message = "The variant {variant_id} is the only one of product {product_id}: delete the product instead."
