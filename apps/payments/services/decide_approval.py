"""Play the customer of a sandbox payment, and the sandbox that tells us of the decision."""

import uuid
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import transaction

from apps.payments.adapters.registry import SANDBOX
from apps.payments.adapters.sandbox import SIGNATURE_HEADER, SandboxMessage, sign
from apps.payments.models import SandboxApproval
from apps.payments.queries import get_payment_to_approve
from apps.payments.services.receive_messages import receive_messages


def decide_approval(*, reference: str, approved: bool, now: datetime) -> None:
    """Note the decision, once and for all, and send the webhook that a provider would send.

    Deciding again changes nothing, whatever is decided then.

    Raises:
        PaymentNotFound: no payment waits under this reference, or the sandbox is not in use.
    """
    get_payment_to_approve(reference)
    with transaction.atomic(savepoint=False):
        SandboxApproval.objects.get_or_create(
            reference=reference, defaults={"approved": approved, "decided_at": now}
        )
        body = msgspec.json.encode(
            SandboxMessage(
                id=f"sbx_evt_{uuid.uuid4()}", type="approval.decided", reference=reference
            )
        )
        receive_messages(
            provider=SANDBOX,
            body=body,
            headers={SIGNATURE_HEADER: sign(body, settings.OMS_SANDBOX_SECRET)},
            now=now,
        )
