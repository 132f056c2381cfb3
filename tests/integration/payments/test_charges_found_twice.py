"""A charge made at the provider's desk that two calls of ours come upon: booked once, and no error."""

from datetime import datetime

import pytest
from django.utils import timezone

from apps.kernel.identifiers import PaymentId
from apps.kernel.money import Money
from apps.payments.domain.identifiers import OperationId
from apps.payments.domain.operations import OPEN_STATES, OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import ALREADY_CAPTURED, Declined, Done, Result
from apps.payments.services.apply_gateway_facts import GatewayFact, apply_gateway_facts
from apps.payments.services.operations import new_operation
from tests.conftest import make_cause
from tests.integration.payments.story import DONE, ask, authorizing, captured, hear

pytestmark = pytest.mark.django_db

TOO_LATE = Declined(code=ALREADY_CAPTURED, detail="The payment has been charged.")
CHARGED = Done(reference="ch_desk", charged=Money(60, "EUR"))


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.mark.parametrize("is_void_first", [True, False])
def test_is_booked_once_where_a_void_and_a_look_end_together(
    now: datetime, is_void_first: bool
) -> None:
    payment, operation = authorizing(now)
    payment = hear(operation, DONE, now)
    kinds = [OperationKind.VOID, OperationKind.CAPTURE]
    for kind in kinds if is_void_first else reversed(kinds):
        ask(payment, kind, now)
    PaymentOperation.objects.filter(kind="capture").update(only_looks=True, state="unknown")
    Payment.objects.update(is_unwanted=True)
    results: dict[str, Result] = {"void": TOO_LATE, "capture": CHARGED}
    facts = [
        GatewayFact(
            operation_id=OperationId(one.id),
            payment_id=PaymentId(payment.id),
            token=one.token,
            result=results[one.kind],
        )
        for one in PaymentOperation.objects.filter(kind__in=kinds)
    ]
    apply_gateway_facts(facts=facts, now=now)
    payment = Payment.objects.get()
    assert (payment.status, payment.captured_minor) == ("captured", 60)
    assert PaymentOperation.objects.get(kind="capture").state == "succeeded"
    assert PaymentOperation.objects.filter(kind="refund", state__in=OPEN_STATES).count() == 1


def test_that_was_booked_meanwhile_is_not_booked_again(now: datetime) -> None:
    payment = captured(now)
    look = new_operation(
        payment,
        OperationKind.CAPTURE,
        amount_minor=100,
        nth=2,
        state=OperationState.UNKNOWN,
        only_looks=True,
        cause=make_cause(),
        now=now,
    )
    look.save()
    payment = hear(look, CHARGED, now)
    assert (payment.status, payment.captured_minor) == ("captured", 100)
    look.refresh_from_db()
    assert look.state == "failed"
