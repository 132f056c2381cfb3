"""A dispute of whose end no message comes: finance may say how it was decided."""

from django.db import transaction
from django.http import HttpRequest

from apps.payments.models import Dispute
from apps.payments.services.decide_dispute import decide_dispute
from apps.platform.audit.deeds import cause_of, record_deed
from apps.platform.backoffice.asking import Question
from apps.platform.backoffice.formatting import identifier, moment, money
from apps.platform.backoffice.panels import Panel
from apps.platform.database_clock import database_now

NOT_DECIDED = "It is decided already; nothing was changed."
TAKEN_OVER = (
    "The provider has told of a dispute meanwhile, which took the place of the reversal; nothing was "
    "changed. See the payment's disputes below."
)
LOST = (
    "The money stays with the customer, nothing of it is owed any more, and a cancellation that waited "
    "for it ends. This is final: should the provider say later that it was won, that is noted in the "
    "payment's history and moves nothing."
)
LOST_ELSEWHERE = (
    "Of a dispute in another currency nobody but you can say how much of the charge it is: nothing goes "
    "back by itself, and what is still owed is settled by hand on the payment."
)
WON = (
    "The money is ours again, and what was to go back goes back at once, by the provider. Should it say "
    "later that it was lost after all, that counts."
)


def decide_for_agent(request: HttpRequest, dispute: Dispute, reason: str, *, is_won: bool) -> bool:
    """Say how a dispute ended and write down who did; False where it is decided already."""
    with transaction.atomic():
        decided = decide_dispute(
            dispute_id=dispute.id, is_won=is_won, cause=cause_of(request), now=database_now()
        )
        if decided:
            record_deed(
                request,
                action="payments.decide_dispute",
                subject_type="payment",
                subject_id=dispute.payment_id,
                reason=reason,
                changes={
                    "dispute": ["", str(dispute.id)],
                    "state": [dispute.state, decided.state],
                },
            )
    return decided is not None


def decide_question(dispute: Dispute, back: str, *, is_won: bool) -> Question:
    """Ask whether the person has seen in the provider's own books how it ended."""
    how, payment = "won" if is_won else "lost", dispute.payment
    currency = dispute.currency_of(payment)
    follows = WON if is_won else LOST if currency == payment.currency else LOST_ELSEWHERE
    return Question(
        title=f"The dispute of {payment.order_number} was {how}",
        explanation=(
            f"Only after you have seen that in {dispute.provider}'s own books, under the reference below, "
            f"and where its message does not come. {follows} Say where you have seen it."
        ),
        submit=f"It was {how}",
        back=back,
        is_dangerous=True,
        # The row may be gone when the answer comes: a dispute takes the place of a reversal.
        hidden={"payment": [str(payment.id)]},
        panel=Panel(
            facts=[
                ("Amount", money(dispute.amount_minor, currency)),
                ("Still owed to the customer", money(payment.owed_back_minor, payment.currency)),
                ("Provider's reference", identifier(dispute.reference)),
                ("Opened at", moment(dispute.opened_at)),
            ]
        ),
    )
