"""Changing what is known of a customer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.customers.domain.profile import Profile
from apps.customers.domain.refusals import (
    CustomerHasChanged,
    CustomerNotFound,
    EmailTaken,
    InvalidProfile,
)
from apps.customers.models import Customer
from apps.customers.queries import get_customer
from apps.customers.services import change_profile as changing
from apps.customers.services.change_profile import ProfileChanges, change_profile
from apps.customers.services.customer_rows import lock_customer
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import CustomerId, new_id
from apps.platform.audit.models import AuditEntry
from tests.conftest import make_cause
from tests.integration.customers.people import profile, published, register
from tests.waiting import blocks_another_session, wait_until

LATER = timezone.now() + timedelta(hours=1)


def change(customer: Customer, *, expected_version: int | None = None, **changes: Any) -> Customer:
    return change_profile(
        customer_id=customer.id,
        changes=ProfileChanges(**changes),
        expected_version=expected_version,
        cause=make_cause("agent:7"),
        now=LATER,
    )


@pytest.mark.django_db
class TestChanging:
    def test_publishes_the_whole_profile_under_the_next_number(self) -> None:
        customer = register()
        change(customer, locale="de", wants_email=False, phone="")
        kept = get_customer(customer.id)
        assert kept.profile == profile(locale="de", wants_email=False, phone="")
        assert (kept.version, kept.updated_at) == (2, LATER)
        kind, seq, payload = published(customer)[1]
        assert (kind, seq) == ("customers.customer_changed", 2)
        assert payload == {
            "customer_id": str(customer.id),
            "name": "Ada Example",
            "email": "ada@example.com",
            "phone": "",
            "locale": "de",
            "region": "eu-west-1",
            "wants_email": False,
            "wants_sms": False,
        }

    def test_leaves_an_entry_that_names_the_fields_alone(self) -> None:
        customer = register()
        change(customer, email="new@example.com", name="Ada Lovelace")
        entry = AuditEntry.objects.get()
        assert (entry.actor, entry.action) == ("agent:7", "customers.change_profile")
        assert entry.subject_id == str(customer.id)
        assert entry.changes == {"fields": ["name", "email"]}

    def test_does_nothing_where_nothing_would_be_different(self) -> None:
        customer = register()
        same = change(customer, name=" Ada  Example ", locale="en")
        assert same.version == 1
        assert len(published(customer)) == 1
        assert AuditEntry.objects.count() == 0

    def test_may_change_the_case_of_the_address(self) -> None:
        assert change(register(), email="Ada@Example.com").email == "Ada@Example.com"

    def test_takes_the_version_that_the_caller_has_seen(self) -> None:
        customer = register()
        assert change(customer, expected_version=1, name="Ada One").version == 2


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize(
        ("refusal", "expected_version", "changes"),
        [
            (EmailTaken, None, {"email": "EVE@example.com"}),
            (InvalidProfile, None, {"email": "nobody"}),
            (InvalidProfile, None, {"name": ""}),
            (CustomerHasChanged, 2, {"name": "Ada Two"}),
        ],
    )
    def test_change_and_publish_nothing(
        self, refusal: type[DomainError], expected_version: int | None, changes: dict[str, str]
    ) -> None:
        register(email="eve@example.com")
        customer = register()
        with pytest.raises(refusal):
            change(customer, expected_version=expected_version, **changes)
        kept = get_customer(customer.id)
        assert (kept.profile, kept.version) == (profile(), 1)
        assert len(published(customer)) == 1
        assert AuditEntry.objects.count() == 0

    def test_include_a_customer_that_does_not_exist(self) -> None:
        with pytest.raises(CustomerNotFound):
            change(Customer(id=CustomerId(new_id())), name="Nobody")
        with pytest.raises(CustomerNotFound):
            get_customer(CustomerId(new_id()))


@pytest.mark.django_db(transaction=True)
class TestTwoChangesAtOnce:
    def change_both(self, customer: Customer) -> tuple[Profile, list[int]]:
        """Change name and language at once; give the profile and the numbers published."""
        start = threading.Barrier(2)

        def attempt(changes: dict[str, Any]) -> None:
            try:
                start.wait()
                change(customer, **changes)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(attempt, [{"name": "Ada Lovelace"}, {"locale": "de"}]))
        return get_customer(customer.id).profile, [seq for _, seq, _ in published(customer)]

    def test_both_count_and_are_numbered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        turns: list[CustomerId] = []

        def lock_and_linger(customer_id: CustomerId) -> Customer:
            customer = lock_customer(customer_id)
            turns.append(customer_id)
            if len(turns) == 1:
                # The other one would read the same by then, could it get past the lock.
                wait_until(lambda: blocks_another_session() or len(turns) == 2)
            return customer

        monkeypatch.setattr(changing, "lock_customer", lock_and_linger)
        after, numbers = self.change_both(register())
        assert after == profile(name="Ada Lovelace", locale="de")
        assert numbers == [1, 2, 3]

    def test_would_undo_each_other_without_the_lock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        both_have_read = threading.Barrier(2)

        def read_unlocked(customer_id: CustomerId) -> Customer:
            customer = Customer.objects.get(id=customer_id)
            both_have_read.wait(timeout=10)
            return customer

        monkeypatch.setattr(changing, "lock_customer", read_unlocked)
        after, numbers = self.change_both(register())
        assert after != profile(name="Ada Lovelace", locale="de")
        assert numbers == [1, 2, 2]
