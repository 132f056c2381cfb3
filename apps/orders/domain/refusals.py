"""What orders says no to."""

from collections.abc import Sequence

from apps.kernel.errors import DomainError


def first_of(refusals: Sequence[DomainError]) -> DomainError:
    """Give the first, which says what else is wrong, and where: the caller mends all at once."""
    first, *others = refusals
    if others:
        first.context["also"] = [
            {"pointer": other.context["pointer"], "detail": other.detail} for other in others
        ]
    return first


class OrderNotFound(DomainError):
    """There is no such order, or it is somebody else's. Check the id or number."""

    code = "order_not_found"


class UnknownSku(DomainError):
    """A SKU is not in the price list, or has no price in the currency. Remove the line."""

    code = "unknown_sku"


class ProductInactive(DomainError):
    """A SKU is known, and not for sale now. Remove the line, or ask again later."""

    code = "product_inactive"


class PriceChanged(DomainError):
    """The price that the caller saw is not today's. Show the new one and ask again."""

    code = "price_changed"


class UnsupportedChoice(DomainError):
    """A currency, country, shipping method or payment choice is not offered. Choose another."""

    code = "unsupported_choice"


class NoProviderFits(DomainError):
    """The rules find no provider for the order. Send a token of another one, or name one."""

    code = "no_provider_fits"


class InvalidItems(DomainError):
    """The lines do not fit together: two prices for one SKU, or more than an order may cost. Change them."""

    code = "invalid_items"


class TooManyLines(DomainError):
    """An order has at most 200 lines. Place several orders."""

    code = "too_many_lines"


class QuantityOutOfRange(DomainError):
    """No order may have so many of one SKU, or so few. Change the quantity."""

    code = "quantity_out_of_range"


class IllegalTransition(DomainError):
    """The order's status does not allow this any more; the context names the status."""

    code = "illegal_transition"


class ForeignCustomer(DomainError):
    """A customer may only order for themselves. Use the customer's own token."""

    code = "foreign_customer"


class NothingToRefund(DomainError):
    """Nothing of the order's money can go back now; the context names its status."""

    code = "nothing_to_refund"


class InvalidRefund(DomainError):
    """More is to go back than is left, or for units that the order does not have. Ask for less."""

    code = "invalid_refund"
