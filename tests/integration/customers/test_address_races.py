"""Two who have seen the same address and edit it at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.customers.domain.identifiers import AddressId
from apps.customers.domain.refusals import AddressHasChanged, AddressNotFound
from apps.customers.models import CustomerAddress
from apps.customers.services import change_address as changing
from apps.customers.services import remove_address as removing
from apps.customers.services.add_address import add_address
from apps.customers.services.address_rows import lock_address
from apps.customers.services.change_address import change_address
from apps.customers.services.remove_address import remove_address
from apps.kernel.address import Address
from apps.kernel.errors import DomainError
from apps.kernel.identifiers import CustomerId
from tests.integration.customers.people import register
from tests.waiting import blocks_another_session, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

BERLIN = Address.build(
    name="Ada Example", line1="Lindenweg 1", city="Berlin", postal_code="10115", country="DE"
)


def kept_address() -> CustomerAddress:
    return add_address(customer_id=register().id, address=BERLIN, now=timezone.now())


def change(seen: CustomerAddress, city: str) -> None:
    change_address(
        customer_id=CustomerId(seen.customer_id),
        address_id=seen.id,
        changes={"city": city},
        expected_version=seen.version,
        now=timezone.now(),
    )


def remove(seen: CustomerAddress) -> None:
    remove_address(
        customer_id=CustomerId(seen.customer_id), address_id=seen.id, expected_version=seen.version
    )


def at_once(*edits: Callable[[], None]) -> list[type[DomainError] | None]:
    """Make the edits at once; give for each what refused it, sorted so that who won comes first."""
    start = threading.Barrier(len(edits))

    def attempt(edit: Callable[[], None]) -> type[DomainError] | None:
        try:
            start.wait(timeout=10)
            edit()
        except DomainError as refusal:
            return type(refusal)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(len(edits)) as pool:
        return sorted(pool.map(attempt, edits), key=lambda refusal: refusal is not None)


@pytest.fixture
def lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have whoever locks first wait until the other one would read the same, could it get past the lock."""
    turns: list[AddressId] = []

    def lock_and_linger(*, customer_id: CustomerId, address_id: AddressId) -> CustomerAddress:
        kept = lock_address(customer_id=customer_id, address_id=address_id)
        turns.append(kept.id)
        if len(turns) == 1:
            wait_until(lambda: blocks_another_session() or len(turns) == 2)
        return kept

    for service in (changing, removing):
        monkeypatch.setattr(service, "lock_address", lock_and_linger)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the lock away: both read before either writes."""
    both_have_read = threading.Barrier(2)

    def read_unlocked(**of: Any) -> CustomerAddress:
        kept = CustomerAddress.objects.get(id=of["address_id"])
        both_have_read.wait(timeout=10)
        return kept

    monkeypatch.setattr(changing, "lock_address", read_unlocked)


class TestTwoEditsOfWhatBothHaveSeen:
    @pytest.mark.usefixtures("lingering")
    def test_are_one_that_wins_and_one_that_is_told(self) -> None:
        seen = kept_address()
        ended = at_once(lambda: change(seen, "Potsdam"), lambda: change(seen, "Dresden"))
        assert ended == [None, AddressHasChanged]
        assert CustomerAddress.objects.get().city in {"Potsdam", "Dresden"}

    @pytest.mark.usefixtures("lingering")
    def test_never_remove_what_was_changed_or_change_what_was_removed(self) -> None:
        seen = kept_address()
        won, lost = at_once(lambda: change(seen, "Potsdam"), lambda: remove(seen))
        assert won is None
        is_there = CustomerAddress.objects.filter(city="Potsdam").exists()
        assert lost is (AddressHasChanged if is_there else AddressNotFound)
        assert CustomerAddress.objects.count() == is_there

    @pytest.mark.usefixtures("unlocked")
    def test_would_both_win_without_the_lock(self) -> None:
        seen = kept_address()
        ended = at_once(lambda: change(seen, "Potsdam"), lambda: change(seen, "Dresden"))
        assert ended == [None, None]
