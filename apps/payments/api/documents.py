"""Payments as the API shows them."""

from apps.kernel.money import Money
from apps.payments.api.bodies import (
    AmountDocument,
    DisputeDocument,
    OperationDocument,
    PaymentDetailDocument,
    ReceiptDocument,
)
from apps.payments.domain.declines import public_code, public_provider_code
from apps.payments.models import Payment
from apps.payments.queries import list_documents


def payment_document(payment: Payment) -> PaymentDetailDocument:
    """Show a payment with its operations, receipts, credit notes and disputes."""

    def amount(minor: int, currency: str = payment.currency) -> AmountDocument:
        return AmountDocument(amount=Money(minor, currency).decimal_string, currency=currency)

    documents = list_documents(payment.id)
    numbers = {one.entry_id: one.number for one in documents}

    return PaymentDetailDocument(
        id=payment.id,
        order_id=payment.order_id,
        order_number=payment.order_number,
        status=payment.status,
        provider=payment.provider,
        method_type=payment.method_type,
        brand=payment.brand,
        last4=payment.last4,
        amount=amount(payment.amount_minor),
        captured=amount(payment.captured_minor),
        refunded=amount(payment.refunded_minor),
        action_url=payment.action_url or None,
        failure_code=public_code(payment.failure_code) or None,
        failure_detail=payment.failure_detail or None,
        operations=[
            OperationDocument(
                kind=operation.kind,
                state=operation.state,
                amount=amount(operation.amount_minor),
                attempts=operation.attempts,
                reference=operation.reference,
                error_code=public_code(operation.error_code),
                provider_code=public_provider_code(
                    operation.provider_code, code=operation.error_code
                ),
                updated_at=operation.updated_at,
            )
            for operation in payment.operations.all()
        ],
        documents=[
            ReceiptDocument(
                number=one.number,
                kind=one.kind,
                amount=amount(one.amount_minor),
                moved_at=one.moved_at,
                issued_at=one.issued_at,
                cancels=numbers.get(one.cancels_id) if one.cancels_id else None,
            )
            for one in documents
        ],
        disputes=[
            DisputeDocument(
                state=one.state,
                amount=amount(one.amount_minor, one.currency_of(payment)),
                reason=one.reason,
                opened_at=one.opened_at,
                decided_at=one.decided_at,
            )
            for one in payment.disputes.order_by("id")
        ],
    )
