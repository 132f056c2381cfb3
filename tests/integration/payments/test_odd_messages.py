"""Messages that are signed as they should be, and that no table could keep."""

import json

import pytest
from django.conf import settings
from django.utils import timezone

from apps.payments.adapters.sandbox import SIGNATURE_HEADER, sign
from apps.payments.domain.refusals import WebhookRefused
from apps.payments.models import ProviderMessageRecord
from apps.payments.services.receive_messages import receive_messages

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
