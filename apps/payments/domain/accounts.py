"""The accounts of the payment ledger. Every entry moves an amount from one to another."""

from enum import StrEnum


class Account(StrEnum):
    """Where an order's money is.

    `customer`: with the customer. `authorised`: reserved on the customer's account for us.
    `provider`: charged, and in the provider's hands until it pays out. `fees`: what the provider
    keeps. `disputed`: taken back by the customer's bank until a dispute is decided.
    """

    CUSTOMER = "customer"
    AUTHORISED = "authorised"
    PROVIDER = "provider"
    FEES = "fees"
    DISPUTED = "disputed"
