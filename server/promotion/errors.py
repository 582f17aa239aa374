"""Why a coupon or points are refused."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, NotFound


class CouponUnknown(FailedPrecondition):
    """No coupon has the code."""

    message = "There is no coupon {code}."


class CouponDisabled(FailedPrecondition):
    """The shop took it back."""

    message = "The coupon {code} cannot be used any more."


class CouponNotStarted(FailedPrecondition):
    """It is not time yet."""

    message = "The coupon {code} can be used from {valid_from}."


class CouponExpired(FailedPrecondition):
    """Its time is over."""

    message = "The coupon {code} could be used until {valid_until}."


class CouponBelowMinimum(FailedPrecondition):
    """The goods are worth too little."""

    message = "The coupon {code} can be used from {minimum} on; {missing} are missing."


class CouponTierTooLow(FailedPrecondition):
    """It is for members of higher tiers."""

    message = "The coupon {code} is for members from {tier} on; you are {your_tier}."


class CouponUsedUp(FailedPrecondition):
    """As many orders as may use it."""

    message = "The coupon {code} was used up by other orders."


class CouponUsedByYou(FailedPrecondition):
    """The user has had it as often as one may."""

    message = "You have used the coupon {code} as often as you may: {limit} times."


class CouponHeld(FailedPrecondition):
    """An order that is not paid yet has it; it may be free again soon."""

    message = (
        "The coupon {code} is held by {holder}: it is free again once that is cancelled, or not paid in time."
    )
    also = ("order_id",)
    prose = terms = ("holder",)


class CouponCurrency(FailedPrecondition):
    """Its amounts are in another currency than the goods."""

    message = "The coupon {code} is in {currency}; your cart is in {cart_currency}."


class CouponNotFound(NotFound):
    """No such coupon."""

    message = "There is no coupon {coupon_id}."


class CouponCodeTaken(AlreadyExists):
    """The code names another coupon."""

    message = "The code {code} is taken by another coupon."


class PointsHeld(FailedPrecondition):
    """The user has them, but for orders that are not paid yet."""

    message = (
        "There are {points} points; {requested} wanted. Your unpaid orders hold {held} more until they end."
    )


class PointsTooFew(FailedPrecondition):
    """More points than the user has."""

    message = "There are {points} points; {requested} wanted."
