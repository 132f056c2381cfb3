"""News of a charge: it is looked for, unless a call of ours made it, or is about to come upon it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OperationKind
from apps.payments.models import Payment, PaymentOperation, ProviderMessageRecord
from apps.payments.ports import Declined, Done, NotKnown
from apps.payments.services.handle_messages import handle_messages
from tests.integration.payments import stripe_messages
from tests.integration.payments.story import DONE, ask, authorizing, hear, message


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def authorized(now: datetime) -> Payment:
    _, operation = authorizing(now)
    return hear(operation, DONE, now)


@pytest.mark.django_db
class TestNewsOfACharge:
    def tell(self, payment: Payment, now: datetime) -> None:
        told = message(payment, now)
        ProviderMessageRecord.objects.filter(id=told.id).update(kind="payment_intent.succeeded")
        handle_messages(now=timezone.now())

    def test_leaves_it_to_the_capture_that_is_still_to_come(self, now: datetime) -> None:
        self.tell(authorized(now), now)
        assert not PaymentOperation.objects.filter(kind="capture").exists()

    def test_has_it_looked_for_where_a_capture_was_refused(self, now: datetime) -> None:
        payment = authorized(now)
        hear(ask(payment, OperationKind.CAPTURE, now), Declined(code="no", detail="No."), now)
        self.tell(payment, now)
        look = PaymentOperation.objects.get(kind="capture", only_looks=True)
        assert (look.state, look.nth) == ("unknown", 2)

    @pytest.mark.usefixtures("charged_on_request", "stripe_in_use")
    def test_is_also_that_it_is_disputed(self, now: datetime) -> None:
        about = {"amount": 80, "currency": "eur", "payment_intent": "pi_1", "reason": ""}
        authorized(now)
        for state in ("needs_response", "lost"):
            stripe_messages.receive(
                {**about, "object": "dispute", "id": "du_1", "status": state}, now
            )
        handle_messages(now=timezone.now())
        assert PaymentOperation.objects.get(kind="capture").only_looks

    @pytest.mark.usefixtures("charged_on_request")
    @pytest.mark.parametrize("kind", [OperationKind.CAPTURE, OperationKind.VOID])
    def test_leaves_it_to_a_call_that_is_to_be_made(
        self, now: datetime, kind: OperationKind
    ) -> None:
        payment = authorized(now)
        ask(payment, kind, now)
        self.tell(payment, now)
        assert not PaymentOperation.objects.filter(only_looks=True).exists()

    @pytest.mark.usefixtures("charged_on_request")
    def test_of_ours_has_nothing_looked_for(self, now: datetime) -> None:
        payment = authorized(now)
        payment = hear(ask(payment, OperationKind.CAPTURE, now), Done(reference="ch_1"), now)
        self.tell(payment, now)
        assert not PaymentOperation.objects.filter(only_looks=True).exists()

    @pytest.mark.usefixtures("charged_on_request")
    @pytest.mark.parametrize("is_renewed", [False, True])
    def test_waits_for_an_authorisation_whose_answer_is_not_known_yet(
        self, now: datetime, is_renewed: bool
    ) -> None:
        payment, call = authorizing(now)
        if is_renewed:
            payment = hear(call, DONE, now)
            call = ask(payment, OperationKind.RENEW, now)
        hear(call, NotKnown(), now)
        self.tell(payment, now)
        ProviderMessageRecord.objects.update(attempts=20, next_at=now)
        handle_messages(now=now)
        waiting = ProviderMessageRecord.objects.get(handled_at=None)
        assert waiting.next_at <= now + timedelta(minutes=6)
        assert not PaymentOperation.objects.filter(kind="capture").exists()

        hear(call, DONE, now)
        handle_messages(now=now + timedelta(minutes=6))
        assert PaymentOperation.objects.get(kind="capture").only_looks

    @pytest.mark.usefixtures("charged_on_request")
    def test_waits_for_no_authorisation_that_failed(self, now: datetime) -> None:
        payment, authorisation = authorizing(now)
        hear(authorisation, NotKnown(), now)
        self.tell(payment, now)
        hear(authorisation, Declined(code="no", detail="No."), now)
        handle_messages(now=now + timedelta(minutes=1))
        assert not ProviderMessageRecord.objects.filter(handled_at=None).exists()
