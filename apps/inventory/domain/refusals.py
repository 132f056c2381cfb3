"""What inventory says no to."""

from apps.kernel.errors import DomainError


class UnknownWarehouse(DomainError):
    """There is no warehouse of that code. Check it."""

    code = "unknown_warehouse"


class UnknownProduct(DomainError):
    """There is no product of that SKU. Register it first."""

    code = "unknown_product"


class StockTooLow(DomainError):
    """The level would fall below zero or below what is promised to orders. Cancel orders first."""

    code = "stock_too_low"
