"""Orders as the API shows them."""

from collections.abc import Iterable, Sequence

import msgspec

from apps.kernel.identifiers import OrderId
from apps.kernel.money import Money
from apps.orders.api.bodies import (
    CancellationDocument,
    ItemDocument,
    LinksDocument,
    MoneyDocument,
    OrderDetailDocument,
    OrderDocument,
    PaymentDocument,
    StepDocument,
    TotalsDocument,
)
from apps.orders.api.refund_bodies import CreditNoteDocument, RefundDocument, RefundLineDocument
from apps.orders.models import CreditNote, Order, OrderItem, OrderRefund, OrderStep


def order_document(order: Order, items: Iterable[OrderItem]) -> OrderDocument:
    """Show an order with its items."""
    path = f"/api/v1/orders/{order.id}"

    def money(minor: int) -> MoneyDocument:
        return MoneyDocument(
            amount=Money(minor, order.currency).decimal_string, currency=order.currency
        )

    return OrderDocument(
        id=order.id,
        number=order.number,
        status=order.status,
        customer_id=order.customer_id,
        currency=order.currency,
        items=[
            ItemDocument(
                sku=item.sku,
                name=item.name,
                quantity=item.quantity,
                unit_price=money(item.unit_price_minor),
                line_total=money(item.unit_price_minor * item.quantity),
            )
            for item in items
        ],
        totals=TotalsDocument(
            items=money(order.items_minor),
            discounts=money(order.discounts_minor),
            shipping=money(order.shipping_minor),
            tax=money(order.tax_minor),
            grand_total=money(order.total_minor),
        ),
        shipping_method=order.shipping_method,
        payment=payment_document(order),
        cancellation=CancellationDocument(reason=order.cancel_reason, detail=order.cancel_detail)
        if order.cancel_reason
        else None,
        metadata=order.metadata,
        created_at=order.created_at,
        updated_at=order.updated_at,
        links=LinksDocument(
            itself=path,
            timeline=f"{path}/timeline",
            cancel=f"{path}/cancel",
            refunds=f"{path}/refunds",
        ),
    )


def order_detail(
    order: Order, items: Sequence[OrderItem], steps: Sequence[OrderStep]
) -> OrderDetailDocument:
    """Show an order with all that is known of it."""
    return OrderDetailDocument(
        **msgspec.structs.asdict(order_document(order, items)),
        shipping_address=order.shipping_address,
        payments=[payment_document(order)] if order.payment_status else [],
        shipments=[],
        timeline=[step_document(step) for step in steps],
    )


def payment_document(order: Order) -> PaymentDocument:
    """Show what the order knows of its payment."""
    return PaymentDocument(
        id=order.payment_id,
        provider=order.payment_provider,
        method_type=order.payment_method_type,
        status=order.payment_status or "none",
        action_url=order.payment_action_url or None,
    )


def refund_document(refund: OrderRefund, currency: str) -> RefundDocument:
    """Show a refund."""

    def money(minor: int) -> MoneyDocument:
        return MoneyDocument(amount=Money(minor, currency).decimal_string, currency=currency)

    return RefundDocument(
        id=refund.id,
        order_id=OrderId(refund.order_id),
        status=refund.status,
        amount=money(refund.amount_minor),
        not_owed=money(refund.not_owed_minor) if refund.not_owed_minor else None,
        items=[
            RefundLineDocument(
                sku=line["sku"], quantity=line["quantity"], amount=money(line["amount_minor"])
            )
            for line in refund.lines
        ],
        reason=refund.reason,
        created_at=refund.created_at,
        updated_at=refund.updated_at,
    )


def credit_note_document(note: CreditNote, currency: str) -> CreditNoteDocument:
    """Show a credit note."""
    return CreditNoteDocument(
        number=note.number,
        amount=MoneyDocument(
            amount=Money(note.amount_minor, currency).decimal_string, currency=currency
        ),
        issued_at=note.issued_at,
        cancelled_by=note.cancelled_by or None,
    )


def step_document(step: OrderStep) -> StepDocument:
    """Show a row of the history."""
    return StepDocument(
        position=step.position,
        at=step.at,
        what=step.what,
        from_status=step.from_status,
        to_status=step.to_status,
        actor=step.actor,
    )
