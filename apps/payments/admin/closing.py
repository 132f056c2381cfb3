"""A call that waits for news which never comes: finance may say how it ended."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.payments.admin.panels import STATE_TONES
from apps.payments.domain.operations import OperationKind
from apps.payments.models import PaymentOperation
from apps.payments.services.close_call import close_call
from apps.platform.audit.deeds import cause_of, record_deed
from apps.platform.backoffice.asking import Question
from apps.platform.backoffice.formatting import badge, identifier, moment, money
from apps.platform.backoffice.panels import Panel
from apps.platform.database_clock import database_now

FOLLOWS = {
    OperationKind.AUTHORIZE: "The payment fails, and the order is called off.",
    OperationKind.CAPTURE: "The charge counts as failed; an order that has not left is called off.",
    OperationKind.VOID: "The provider is asked again later to let the authorisation go.",
    OperationKind.REFUND: "The provider is asked again later to give the money back.",
    OperationKind.RENEW: "The authorisation runs out when it would have, and is warned of.",
}
"""What comes of saying that a call was not carried out."""


def close_for_agent(
    request: HttpRequest, operation: PaymentOperation, reason: str, *, is_done: bool
) -> bool:
    """Say how a call ended and write down who did; False where that cannot be said (any more)."""
    with transaction.atomic():
        closed = close_call(
            operation_id=operation.id,
            is_done=is_done,
            cause=cause_of(request),
            now=database_now(),
        )
        if closed:
            record_deed(
                request,
                action="payments.close_call",
                subject_type="payment",
                subject_id=operation.payment_id,
                reason=reason,
                changes={
                    "operation": ["", str(operation.id)],
                    "state": [operation.state, closed.state],
                },
            )
    return closed is not None


def close_question(operation: PaymentOperation, back: str, *, is_done: bool) -> Question:
    """Ask whether the person has seen in the provider's own books how it ended."""
    how = "carried out" if is_done else "not carried out"
    follows = (
        "It counts from now on, in the ledger, too."
        if is_done
        else FOLLOWS[OperationKind(operation.kind)]
    )
    return Question(
        title=f"The {operation.kind} of {operation.payment.order_number} was {how}",
        explanation=(
            f"Only after you have seen that in {operation.provider}'s own books, under the reference "
            f"below. {follows} What the provider says later is noted, and changes nothing of this. "
            "Say where you have seen it."
        ),
        submit=f"It was {how}",
        back=back,
        is_dangerous=True,
        panel=Panel(
            facts=[
                ("State", badge(operation.state, STATE_TONES)),
                ("Amount", money(operation.amount_minor, operation.payment.currency)),
                ("Provider's reference", identifier(operation.reference)),
                ("Asked for at", moment(operation.created_at)),
            ]
        ),
    )


def why_not_closed() -> str:
    """Say when it cannot be said."""
    return (
        "Only a call that has waited for its provider for "
        f"{settings.OMS_WAITING_CALL_MINUTES} minutes and more can be closed; nothing was changed. "
        "Of an authorisation or a renewal it can only be said that it was not made: the provider may "
        "have given it a name that we do not know, without which nothing can be charged or let go."
    )
