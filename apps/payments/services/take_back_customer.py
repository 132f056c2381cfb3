"""Take in a customer whom a provider's page sent back, with what they bring along."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction

from apps.kernel.identifiers import PaymentId
from apps.payments.adapters.registry import gateway_named
from apps.payments.models import Payment, PaymentStatus, ProviderMessageRecord
from apps.payments.services.look_again import look_again

CAME_BACK = "customer.came_back"
MOST_RETURNS = 5
"""How much of what was brought back is kept, the newest: the page is open to everybody."""


def take_back_customer(*, payment_id: PaymentId, query: Mapping[str, str], now: datetime) -> None:
    """Keep what the provider wants to know of the query, and look up what was decided.

    It is kept only while the payment waits for its customer. Coming back again changes nothing.
    """
    with transaction.atomic(savepoint=False):
        payment = Payment.objects.filter(
            id=payment_id, status=PaymentStatus.REQUIRES_ACTION
        ).first()
        if payment is not None:
            facts = gateway_named(payment.provider).read_return(query)
            if facts:
                _keep(payment, facts, now)
        look_again(payment_ids=[payment_id], now=now)


def _keep(payment: Payment, facts: Mapping[str, object], now: datetime) -> None:
    digest = hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:32]
    ProviderMessageRecord.objects.get_or_create(
        provider=payment.provider,
        event_id=f"{payment.id}:{digest}",
        defaults={
            "kind": CAME_BACK,
            "reference": payment.authorization,
            "payment_id": payment.id,
            "facts": facts,
            "received_at": now,
            "next_at": now,
            # It needs no matching, and the look-up that follows is all that it brings about.
            "handled_at": now,
        },
    )
    kept = ProviderMessageRecord.objects.filter(payment_id=payment.id, kind=CAME_BACK)
    too_old = list(kept.order_by("-id").values_list("id", flat=True)[MOST_RETURNS:])
    ProviderMessageRecord.objects.filter(id__in=too_old).delete()
