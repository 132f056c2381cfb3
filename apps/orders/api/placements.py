"""What a storefront sends to place an order, turned into what the use case takes."""

import msgspec

from apps.kernel.address import Address, InvalidAddress
from apps.kernel.money import InvalidAmount
from apps.orders.api.bodies import AddressBody, PlaceOrderBody
from apps.orders.domain.payment_choice import PaymentWish
from apps.orders.domain.placement import CURRENCIES, OrderedLine
from apps.orders.domain.refusals import ForeignCustomer, UnsupportedChoice
from apps.orders.services.place_order import Placement
from apps.platform.web.principals import Principal
from apps.platform.web.sums import read_sum


def placement_of(body: PlaceOrderBody, principal: Principal) -> Placement:
    """Turn a body into what the use case takes.

    Raises:
        ForeignCustomer: a customer's token orders for somebody else.
        UnsupportedChoice: no customer is named, or the currency is not offered.
        InvalidAddress, InvalidAmount: see the kernel.
    """
    customer_id = body.customer_id or principal.customer_id
    if customer_id is None:
        raise UnsupportedChoice(
            "Name the customer who orders: this is no customer's token.", pointer="/customer_id"
        )
    if not principal.may_see_customer(customer_id):
        raise ForeignCustomer("You can only order for yourself.")
    if body.currency not in CURRENCIES:
        raise UnsupportedChoice(
            f"Orders are taken in {', '.join(sorted(CURRENCIES))}.", pointer="/currency"
        )
    return Placement(
        customer_id=customer_id,
        currency=body.currency,
        lines=[
            OrderedLine(
                sku=item.sku,
                quantity=item.quantity,
                position=position,
                unit_price_minor=_price_seen(item.unit_price, body.currency, position),
            )
            for position, item in enumerate(body.items)
        ],
        shipping_method=body.shipping.method,
        shipping_address=_address(body.shipping.address),
        payment=PaymentWish(
            provider=body.payment.provider,
            method_type=body.payment.method.type,
            token=body.payment.method.token or "",
            tokens=body.payment.method.tokens or {},
        ),
        metadata=body.metadata,
    )


def _price_seen(text: str | None, currency: str, position: int) -> int | None:
    if text is None:
        return None
    pointer = f"/items/{position}/unit_price"
    seen = read_sum(text, currency=currency, pointer=pointer)
    if seen.is_negative:
        raise InvalidAmount("A price is never negative.", pointer=pointer)
    return seen.amount_minor


def _address(body: AddressBody) -> Address:
    try:
        return Address.build(**msgspec.structs.asdict(body))
    except InvalidAddress as refusal:
        refusal.context["pointer"] = f"/shipping/address/{refusal.context['field']}"
        raise
