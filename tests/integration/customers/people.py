"""Customers for tests, and what was published about them."""

from typing import Any

from django.utils import timezone

from apps.customers.domain.profile import Profile
from apps.customers.models import Customer
from apps.customers.services.register_customer import register_customer
from apps.platform.outbox.models import StoredEvent
from tests.conftest import make_cause


def profile(**changes: Any) -> Profile:
    """Give a profile of somebody."""
    return Profile.build(
        **{
            "name": "Ada Example",
            "email": "ada@example.com",
            "phone": "+4930123456",
            "locale": "en",
            "region": "eu-west-1",
            "wants_email": True,
            "wants_sms": False,
            **changes,
        }
    )


def register(**changes: Any) -> Customer:
    """Register somebody."""
    return register_customer(profile=profile(**changes), cause=make_cause(), now=timezone.now())


def published(customer: Customer) -> list[tuple[str, int, dict[str, Any]]]:
    """List the type, number and payload of the facts about a customer, in their order."""
    facts = StoredEvent.objects.filter(aggregate_id=customer.id).order_by("event_id")
    return [(fact.type, fact.seq, fact.payload) for fact in facts]
