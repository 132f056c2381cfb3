"""Sums of money that callers ask for: `"19.90"`, or with their currency as answers show them."""

from typing import Annotated

from msgspec import Meta, Struct

from apps.kernel.money import CurrencyMismatch, InvalidAmount, Money
from apps.platform.web.bodies import Amount


class SumBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sum with its currency, which must be the one of what it is asked for."""

    amount: Annotated[Amount, Meta(examples=["19.90"])]
    currency: Annotated[
        str, Meta(extra_json_schema={"pattern": "^[A-Z]{3}$"}, max_length=3, examples=["EUR"])
    ]


def read_sum(told: str | SumBody, *, currency: str, pointer: str) -> Money:
    """Read a sum in the currency of the order or payment that it is asked for.

    Raises:
        InvalidAmount: see the kernel. `pointer` says where it stands.
        CurrencyMismatch: it is of another currency; `pointer` as above.
    """
    if isinstance(told, str):
        return _parsed(told, currency, pointer)
    if told.currency != currency:
        raise CurrencyMismatch(
            f"Ask in {currency}, the currency of the order.", pointer=f"{pointer}/currency"
        )
    return _parsed(told.amount, currency, f"{pointer}/amount")


def _parsed(text: str, currency: str, pointer: str) -> Money:
    try:
        return Money.parse(text, currency)
    except InvalidAmount as refusal:
        refusal.context["pointer"] = pointer
        raise
