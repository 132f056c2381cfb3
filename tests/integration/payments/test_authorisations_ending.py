"""Authorisations that nobody charges: warned of, charged by policy, or let go as the provider says."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.payments.domain.operations import OPEN_STATES, OperationKind
from apps.payments.models import Payment, PaymentOperation
from apps.payments.ports import Done, NotMade
from apps.payments.services.watch_authorisations import watch_authorisations
from apps.platform.outbox.models import StoredEvent
from tests.integration.payments.story import DONE, ask, authorizing, hear

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def payment(now: datetime) -> Payment:
    """An authorisation that its provider holds for seven days."""
    _, operation = authorizing(now)
    payment = hear(operation, DONE, now)
    assert payment.authorized_until == now + 7 * DAY
    return payment


def again(payment: Payment) -> Payment:
    return Payment.objects.get(id=payment.id)


def last_step(payment: Payment) -> str:
    return str(again(payment).history.latest("position").what)


class TestTheTimeThatTheProviderNames:
    def test_counts_instead_of_ours(self, now: datetime) -> None:
        _, operation = authorizing(now)
        until = now + 2 * DAY
        payment = hear(operation, replace(DONE, held_until=until), now)
        assert payment.authorized_until == until
        assert watch_authorisations(now=now + DAY / 2) == 0
        assert watch_authorisations(now=now + 1.5 * DAY) == 1
        assert last_step(payment) == "The authorisation runs out soon"


class TestBeforeTheEnd:
    def test_nothing_is_done_early(self, payment: Payment, now: datetime) -> None:
        assert watch_authorisations(now=now + 5 * DAY) == 0

    def test_it_is_warned_of_once(self, payment: Payment, now: datetime) -> None:
        assert watch_authorisations(now=now + 6 * DAY) == 1
        assert last_step(payment) == "The authorisation runs out soon"
        assert again(payment).is_ending_known
        assert watch_authorisations(now=now + 6 * DAY) == 0
        assert not PaymentOperation.objects.filter(state__in=OPEN_STATES).exists()

    def test_it_is_charged_where_that_is_the_policy(
        self, payment: Payment, now: datetime, settings: Any
    ) -> None:
        settings.OMS_AUTHORISATION_ENDING = "capture"
        watch_authorisations(now=now + 6 * DAY)
        capture = PaymentOperation.objects.get(kind="capture")
        assert (capture.state, capture.amount_minor) == ("pending", 100)

    def test_a_call_under_way_decides(self, payment: Payment, now: datetime) -> None:
        ask(payment, OperationKind.CAPTURE, now)
        assert watch_authorisations(now=now + 8 * DAY) == 0


class TestAfterTheEnd:
    def test_the_provider_is_asked_and_believed(self, payment: Payment, now: datetime) -> None:
        later = now + 8 * DAY
        assert watch_authorisations(now=later) == 1
        void = PaymentOperation.objects.get(kind="void")
        assert (void.state, void.only_looks) == ("unknown", True)
        assert hear(void, Done(reference="pi_1"), later).status == "voided"
        assert StoredEvent.objects.filter(type="payments.payment_voided").count() == 1
        assert watch_authorisations(now=later + DAY) == 0

    def test_what_still_holds_is_asked_about_again_later(
        self, payment: Payment, now: datetime
    ) -> None:
        later = now + 8 * DAY
        watch_authorisations(now=later)
        payment = hear(PaymentOperation.objects.get(kind="void"), NotMade(), later)
        assert payment.status == "authorized"
        assert watch_authorisations(now=later + timedelta(hours=5)) == 0
        assert watch_authorisations(now=later + timedelta(hours=7)) == 1
