"""Messages that are signed as they should be, and tell what cannot be."""

import json
from datetime import timedelta

import psycopg
import pytest
import structlog
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from msgspec import to_builtins

from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.refusals import WebhookRefused
from apps.payments.models import (
    CANNOT_BE_HANDLED,
    Dispute,
    Payment,
    ProviderMessageRecord,
    SettlementDifference,
)
from apps.payments.ports import DisputeNews
from apps.payments.services.give_up_message import give_up_message
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.receive_messages import receive_messages
from apps.platform.telemetry.metrics import webhooks_total
from tests.integration.payments.story import captured, message
from tests.integration.payments.stripe_messages import receive
from tests.log_lines import line_of, written_lines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "changes", [{"id": "x" * 129}, {"id": "a\0b"}, {"type": "a\nb"}, {"reference": "\0"}]
)
def test_names_that_cannot_be_kept_are_refused(changes: dict[str, str]) -> None:
    body = json.dumps({"id": "m1", "type": "approved", "reference": "r", **changes}).encode()
    headers = {SIGNATURE_HEADER: sign(body, settings.OMS_SANDBOX_SECRET)}
    with pytest.raises(WebhookRefused):
        receive_messages(provider="sandbox", body=body, headers=headers, now=timezone.now())
    assert not ProviderMessageRecord.objects.exists()


@pytest.mark.usefixtures("stripe_in_use")
class TestAnAmountThatThereIsNot:
    @pytest.mark.parametrize(
        ("amount", "currency"),
        [(0, "eur"), (-5, "eur"), (10**15, "eur"), (2**63, "eur"), (100, "xxx")],
    )
    def test_in_a_dispute_is_kept_for_a_person(self, amount: int, currency: str) -> None:
        now = timezone.now()
        payment = captured(now)
        dispute = {"object": "dispute", "id": "du_1", "reason": "fraudulent", "status": "lost"}
        about = {"amount": amount, "currency": currency, "payment_intent": payment.authorization}
        receive({**dispute, **about}, now)
        assert handle_messages(now=timezone.now()) == 1
        kept = ProviderMessageRecord.objects.get()
        assert (kept.failure, kept.cannot_be_handled) == ("NoSuchAmount", True)
        assert not Dispute.objects.exists()

    @pytest.mark.parametrize(
        ("amount", "currency", "failure"),
        [
            (0, "eur", "NoSuchAmount"),
            (-5, "eur", "NoSuchAmount"),
            (10**15, "eur", "NoSuchAmount"),
            (2**63, "eur", "NoSuchAmount"),
            # In a currency that nobody knows it is left to the provider's reports.
            (100, "xxx", ""),
        ],
    )
    def test_in_a_refund_moves_no_money(self, amount: int, currency: str, failure: str) -> None:
        now = timezone.now()
        payment = captured(now)
        refund = {"object": "refund", "id": "re_1", "status": "succeeded"}
        about = {"amount": amount, "currency": currency, "payment_intent": payment.authorization}
        receive({**refund, **about}, now)
        assert handle_messages(now=timezone.now()) == 1
        assert Payment.objects.get().refunded_minor == 0
        assert ProviderMessageRecord.objects.get().failure == failure
        assert not payment.history.filter(what__startswith="Refund").exists()
        assert not SettlementDifference.objects.exists()


class TestOneThatCannotBeHandled:
    @pytest.fixture
    def messages(self) -> dict[str, ProviderMessageRecord]:
        """Store a dispute that no ledger takes between two messages that are in order."""
        now = timezone.now()
        payment = captured(now)
        kept = {name: message(payment, now, event_id=name) for name in ("before", "bad", "after")}
        kept["bad"].dispute = to_builtins(
            DisputeNews(
                reference="du_1", state=DisputeState.OPENED, amount_minor=-5, reason="fraudulent"
            )
        )
        kept["bad"].save()
        return kept

    def test_holds_up_no_other(self, messages: dict[str, ProviderMessageRecord]) -> None:
        now = timezone.now()
        assert handle_messages(now=now) == 3
        for one in messages.values():
            one.refresh_from_db()
        assert [one.handled_at for one in messages.values()] == [now, None, now]
        assert not Dispute.objects.exists()

    def test_is_tried_again_less_and_less_often(
        self, messages: dict[str, ProviderMessageRecord]
    ) -> None:
        bad, now = messages["bad"], timezone.now()
        pauses = []
        for attempts in (1, 2, 3):
            assert handle_messages(now=now) > 0
            bad.refresh_from_db()
            assert bad.attempts == attempts
            pauses.append(bad.next_at - now)
            assert handle_messages(now=now) == 0
            now = bad.next_at
        assert timedelta(seconds=20) < pauses[0] < pauses[1] < pauses[2]

    def test_is_counted_and_named(self, messages: dict[str, ProviderMessageRecord]) -> None:
        before = failures()
        handle_messages(now=timezone.now())
        assert failures() == before + 1
        assert list(ProviderMessageRecord.objects.filter(CANNOT_BE_HANDLED)) == [messages["bad"]]

    def test_is_handled_once_it_can_be(self, messages: dict[str, ProviderMessageRecord]) -> None:
        bad = messages["bad"]
        handle_messages(now=timezone.now())
        bad.refresh_from_db()
        bad.dispute = {**(bad.dispute or {}), "amount_minor": 5}
        bad.save()
        handle_messages(now=bad.next_at)
        assert Dispute.objects.get().amount_minor == 5
        bad.refresh_from_db()
        assert (bad.handled_at is not None, bad.failure) == (True, "")

    def test_has_a_line_that_names_its_payment(
        self, messages: dict[str, ProviderMessageRecord]
    ) -> None:
        bad = messages["bad"]
        with written_lines() as lines:
            handle_messages(now=timezone.now())
        line = line_of(lines, "message_failed")
        assert (line["payment_id"], line["reference"]) == (str(bad.payment_id), bad.reference)
        assert (line["provider"], line["name"], line["attempts"]) == ("stripe", bad.event_id, 1)

    def test_has_one_traceback_for_each_kind_of_failure(
        self, messages: dict[str, ProviderMessageRecord]
    ) -> None:
        bad = messages["bad"]
        # It was looked at before, in good order: that says nothing of its failure.
        ProviderMessageRecord.objects.filter(id=bad.id).update(attempts=1)
        assert [traceback_of(bad), traceback_of(bad)] == ["NoSuchAmount", ""]
        ProviderMessageRecord.objects.filter(id=bad.id).update(dispute={"reference": 7})
        assert [traceback_of(bad), traceback_of(bad)] == ["ValidationError", ""]

    def test_has_a_traceback_again_at_every_twentieth_attempt(
        self, messages: dict[str, ProviderMessageRecord]
    ) -> None:
        bad = messages["bad"]
        ProviderMessageRecord.objects.filter(id=bad.id).update(attempts=18, failure="NoSuchAmount")
        tracebacks = [traceback_of(bad) for _ in range(3)]
        assert (bad.attempts, tracebacks) == (21, ["", "NoSuchAmount", ""])

    def test_names_its_payment(self, messages: dict[str, ProviderMessageRecord]) -> None:
        bad, payment = messages["bad"], Payment.objects.get()
        # As most do: by the name that the provider has for the payment.
        ProviderMessageRecord.objects.filter(id=bad.id).update(
            payment_id=None, reference=payment.authorization
        )
        with structlog.testing.capture_logs() as lines:
            handle_messages(now=timezone.now())
        bad.refresh_from_db()
        assert (bad.failure, bad.payment_id) == ("NoSuchAmount", payment.id)
        (line,) = [one for one in lines if one["event"] == "message_failed"]
        assert line["payment_id"] == str(payment.id)

    def test_is_not_tried_any_more_once_it_was_given_up(
        self, messages: dict[str, ProviderMessageRecord]
    ) -> None:
        bad = messages["bad"]
        handle_messages(now=timezone.now())
        bad.refresh_from_db()
        assert give_up_message(message_id=bad.id, now=bad.next_at) == bad
        assert handle_messages(now=bad.next_at) == 0
        assert give_up_message(message_id=bad.id, now=bad.next_at) is None
        assert give_up_message(message_id=messages["after"].id, now=bad.next_at) is None


class TestALockThatCannotBeHad:
    def test_says_nothing_of_the_messages(self) -> None:
        now = timezone.now()
        payment = captured(now)
        kept = message(payment, now)
        kept.dispute = to_builtins(
            DisputeNews(
                reference="du_1", state=DisputeState.OPENED, amount_minor=5, reason="fraudulent"
            )
        )
        kept.save()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            with psycopg.connect(**connection.get_connection_params()) as other:
                other.execute(
                    "SELECT 1 FROM payments_payment WHERE id = %s FOR UPDATE", [payment.id]
                )
                with pytest.raises(OperationalError):
                    handle_messages(now=timezone.now())
        finally:
            connection.close()
        kept.refresh_from_db()
        assert (kept.attempts, kept.failure, kept.handled_at) == (0, "", None)
        assert handle_messages(now=timezone.now()) == 1
        assert Dispute.objects.get().amount_minor == 5


def traceback_of(bad: ProviderMessageRecord) -> str:
    """Have a message tried once more that cannot be handled; names the error whose traceback is logged."""
    bad.refresh_from_db()
    with structlog.testing.capture_logs() as lines:
        handle_messages(now=bad.next_at)
    bad.refresh_from_db()
    (line,) = [one for one in lines if one["event"] == "message_failed"]
    return type(line["exc_info"]).__name__ if line["exc_info"] else ""


def failures() -> float:
    return float(webhooks_total.labels(provider="stripe", outcome="failed")._value.get())
