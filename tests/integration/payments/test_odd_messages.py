"""Messages that are signed as they should be, and that no table could keep."""

import json

import pytest
from django.conf import settings
from django.utils import timezone
from msgspec import to_builtins

from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.domain.disputes import DisputeState
from apps.payments.domain.refusals import WebhookRefused
from apps.payments.models import Dispute, ProviderMessageRecord
from apps.payments.ports import DisputeNews
from apps.payments.services.handle_messages import handle_messages
from apps.payments.services.receive_messages import receive_messages
from tests.integration.payments.story import captured, message
from tests.integration.payments.stripe_messages import receive

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


@pytest.mark.parametrize("amount", [0, -5, 10**15, 2**63])
@pytest.mark.parametrize(
    "about",
    [
        {"object": "dispute", "id": "du_1", "status": "needs_response", "reason": "fraudulent"},
        {"object": "refund", "id": "re_1", "status": "succeeded"},
    ],
)
def test_amounts_that_there_are_not_are_refused(about: dict[str, object], amount: int) -> None:
    with pytest.raises(WebhookRefused):
        receive({**about, "amount": amount, "currency": "eur"}, timezone.now())
    assert not ProviderMessageRecord.objects.exists()


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

    def test_is_tried_again_less_and_less_often(
        self, messages: dict[str, ProviderMessageRecord]
    ) -> None:
        bad, now = messages["bad"], timezone.now()
        for attempts in (1, 2):
            assert handle_messages(now=now) > 0
            bad.refresh_from_db()
            assert (bad.attempts, bad.next_at > now) == (attempts, True)
            assert handle_messages(now=now) == 0
            now = bad.next_at

    def test_is_handled_once_it_can_be(self, messages: dict[str, ProviderMessageRecord]) -> None:
        bad = messages["bad"]
        handle_messages(now=timezone.now())
        bad.refresh_from_db()
        bad.dispute = {**(bad.dispute or {}), "amount_minor": 5}
        bad.save()
        handle_messages(now=bad.next_at)
        assert Dispute.objects.get().amount_minor == 5
