"""What a person may have done about a payment: each is asked for with a reason and written down."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from apps.payments.admin.panels import TONES, money_of
from apps.payments.models import Payment
from apps.payments.services.look_again import look_again
from apps.payments.services.settle_refund import settle_refund
from apps.payments.services.undo_again import undo_again
from apps.platform.audit.deeds import cause_of, record_deed
from apps.platform.backoffice.asking import Question
from apps.platform.backoffice.formatting import badge
from apps.platform.backoffice.panels import Panel
from apps.platform.database_clock import database_now


def look_again_for_agent(request: HttpRequest, payment: Payment, reason: str) -> bool:
    """Make what is undecided due and write down who did; False where nothing is."""
    with transaction.atomic():
        is_due = look_again(payment_ids=[payment.id], now=database_now())
        if is_due:
            _write_down(request, payment, "payments.look_again", reason)
    return is_due


def undo_again_for_agent(request: HttpRequest, payment: Payment, reason: str) -> bool:
    """Have the money given back and write down who did; False where none is owed."""
    with transaction.atomic():
        is_owed = undo_again(causes={payment.id: cause_of(request)}, now=database_now()) > 0
        if is_owed:
            _write_down(request, payment, "payments.undo_again", reason)
    return is_owed


def settle_for_agent(request: HttpRequest, payment: Payment, reason: str) -> bool:
    """Take down that the money went back by another way, and who says so; False where none is owed."""
    with transaction.atomic():
        settled = settle_refund(payment_id=payment.id, cause=cause_of(request), now=database_now())
        if settled:
            record_deed(
                request,
                action="payments.settle_refund",
                subject_type="payment",
                subject_id=payment.id,
                reason=reason,
                changes={"refunded_minor": [payment.refunded_minor, settled.refunded_minor]},
            )
    return settled is not None


def _write_down(request: HttpRequest, payment: Payment, action: str, reason: str) -> None:
    record_deed(
        request, action=action, subject_type="payment", subject_id=payment.id, reason=reason
    )


def _facts(payment: Payment) -> list[tuple[str, Any]]:
    return [
        ("Order", payment.order_number),
        ("Status", badge(payment.status, TONES)),
        ("Amount", money_of(payment, payment.amount_minor)),
    ]


def look_question(payment: Payment, back: str) -> Question:
    """Ask whether to have the provider asked again."""
    return Question(
        title=f"Ask {payment.provider} again",
        explanation=(
            "Calls whose outcome is unknown, or that wait for the customer, are looked up at once "
            "instead of when they are next due. No money is moved by this."
        ),
        submit="Look again now",
        back=back,
        panel=Panel(facts=_facts(payment)),
    )


def undo_question(payment: Payment, back: str) -> Question:
    """Ask whether to try again to give the money back."""
    return Question(
        title=f"Give the money of order {payment.order_number} back",
        explanation=(
            f"{payment.provider} is asked again to drop the authorisation or to refund the charge. "
            "What somebody gave back in its own books by hand counts where the history says so. A part "
            "that it does not speak of would be given back again: settle it by hand here instead."
        ),
        submit="Give it back",
        back=back,
        is_dangerous=True,
        panel=Panel(facts=_facts(payment)),
    )


def settle_question(payment: Payment, back: str) -> Question:
    """Ask whether the money really went back by another way."""
    return Question(
        title=f"Settle the refund of {payment.order_number} by hand",
        explanation=(
            "Only after the customer has been paid by another way, such as a bank transfer: what is "
            "still owed counts as refunded, and the provider is not asked again. Say how it was paid. What "
            "the customer's bank took back was not paid: say of the dispute that it was lost instead."
        ),
        submit="It was paid by another way",
        back=back,
        is_dangerous=True,
        panel=Panel(
            facts=[
                *_facts(payment),
                ("Still owed", money_of(payment, payment.owed_back_minor)),
            ]
        ),
    )
