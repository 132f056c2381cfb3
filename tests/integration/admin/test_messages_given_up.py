"""A message that cannot be handled, as finance sees it and gives it up."""

import pytest
from django.utils import timezone

from apps.payments.models import ProviderMessageRecord
from apps.platform.audit.models import AuditEntry
from tests.integration.admin.conftest import Enter

pytestmark = pytest.mark.django_db
LIST = "/admin/payments/providermessagerecord/"


def store(name: str, *, failure: str = "") -> ProviderMessageRecord:
    """Store a message that was tried once."""
    now = timezone.now()
    return ProviderMessageRecord.objects.create(
        provider="stripe",
        event_id=f"evt_{name}",
        kind="charge.dispute.created",
        reference=f"pi_{name}",
        failure=failure,
        received_at=now,
        next_at=now,
        attempts=1,
    )


@pytest.fixture
def failing() -> ProviderMessageRecord:
    """One whose last try failed, beside one that waits for its payment."""
    store("waiting")
    return store("failing", failure="NoSuchAmount")


def test_is_found_by_the_filter(enter: Enter, failing: ProviderMessageRecord) -> None:
    page = enter("finance").get(LIST, {"about": "failing"}).content.decode()
    assert ("pi_failing" in page, "pi_waiting" in page) == (True, False)


def test_is_told_from_one_without_a_payment(enter: Enter, failing: ProviderMessageRecord) -> None:
    nobodys = store("nobodys")
    nobodys.handled_at, nobodys.is_unmatched = timezone.now(), True
    nobodys.save()
    client = enter("finance")
    page = client.get(LIST, {"about": "unmatched"}).content.decode()
    assert ("pi_nobodys" in page, "pi_failing" in page) == (True, False)
    page = client.get(f"{LIST}{nobodys.id}/change/").content.decode()
    assert ("unmatched" in page, "Give it up" in page) == (True, False)


def test_is_given_up_with_a_reason(enter: Enter, failing: ProviderMessageRecord) -> None:
    client = enter("finance")
    page = client.get(f"{LIST}{failing.id}/change/").content.decode()
    assert all(text in page for text in ("cannot be handled", "NoSuchAmount", "Give it up"))
    assert "nothing of what it tells" in client.get(f"{LIST}{failing.id}/give_up/").content.decode()

    client.post(f"{LIST}{failing.id}/give_up/", {"reason": "Stripe took it back, case 7"})

    failing.refresh_from_db()
    assert (failing.handled_at is not None, failing.given_up_at) == (True, failing.handled_at)
    assert AuditEntry.objects.get().reason == "Stripe took it back, case 7"


def test_is_not_given_up_by_service(enter: Enter, failing: ProviderMessageRecord) -> None:
    answer = enter("agent").post(f"{LIST}{failing.id}/give_up/", {"reason": "No"})
    assert answer.status_code == 403
    failing.refresh_from_db()
    assert failing.given_up_at is None
