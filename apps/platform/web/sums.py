"""Sums of money that callers ask for: `"19.90"`, or with their currency as answers show them."""

from typing import Annotated

from msgspec import Meta, Struct

from apps.kernel.money import InvalidAmount, Money
from apps.platform.web.bodies import Amount


class SumBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sum with its currency, which must be the one of what it is asked for."""

    amount: Annotated[Amount, Meta(examples=["19.90"])]
    currency: Annotated[str, Meta(min_length=3, max_length=3, examples=["EUR"])]


def read_sum(told: str | SumBody, *, currency: str, pointer: str) -> Money:
    """Read a sum in the currency of the order or payment that it is asked for.

    Raises:
        InvalidAmount: it is no amount, or of another currency; `pointer` says where it stands.
    """
    if isinstance(told, SumBody):
        if told.currency != currency:
            raise InvalidAmount(
                f"This is in {currency}.", currency=currency, pointer=f"{pointer}/currency"
            )
        told, pointer = told.amount, f"{pointer}/amount"
    try:
        return Money.parse(told, currency)
    except InvalidAmount as refusal:
        refusal.context["pointer"] = pointer
        raise
