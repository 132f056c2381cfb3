"""Addresses and saved payment methods of customers."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.customers.domain.refusals import (
    AddressHasChanged,
    AddressNotFound,
    CustomerNotFound,
    PaymentMethodNotFound,
    TooManyAddresses,
    TooManyPaymentMethods,
)
from apps.customers.domain.saved_payment import SavedPayment
from apps.customers.models import CustomerAddress, PaymentMethod
from apps.customers.queries import get_address, list_addresses, list_payment_methods
from apps.customers.services.add_address import add_address
from apps.customers.services.change_address import change_address
from apps.customers.services.remove_address import remove_address
from apps.customers.services.remove_payment_method import remove_payment_method
from apps.customers.services.save_payment_method import save_payment_method
from apps.kernel.address import Address, InvalidAddress
from apps.kernel.identifiers import CustomerId, new_id
from tests.integration.customers.people import register

pytestmark = pytest.mark.django_db

NOW = timezone.now()
BERLIN = Address.build(
    name="Ada Example",
    line1="Lindenweg 1",
    city="Berlin",
    postal_code="10115",
    country="DE",
    company="Example GmbH",
)
VISA = SavedPayment.build(
    provider="stripe",
    method_type="card",
    token="pm_card_visa",
    brand="visa",
    last4="4242",
    expiry_month=7,
    expiry_year=2028,
)


class TestAddresses:
    def test_are_kept_as_they_were_given(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        (listed,) = list_addresses(customer.id)
        assert (listed.id, listed.address) == (kept.id, BERLIN)

    def test_change_in_the_parts_that_are_named(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        change_address(
            customer_id=customer.id,
            address_id=kept.id,
            changes={"line1": "Lindenweg 2", "company": ""},
            now=NOW + timedelta(hours=1),
        )
        (listed,) = list_addresses(customer.id)
        assert (listed.line1, listed.company, listed.city) == ("Lindenweg 2", "", "Berlin")
        assert listed.updated_at == NOW + timedelta(hours=1)

    def test_stay_as_they_are_where_nothing_is_different(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        same = change_address(
            customer_id=customer.id,
            address_id=kept.id,
            changes={"line1": " Lindenweg  1"},
            now=NOW + timedelta(hours=1),
        )
        assert same.updated_at == NOW

    def test_are_complete_after_a_change_or_not_changed(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        with pytest.raises(InvalidAddress) as refused:
            change_address(
                customer_id=customer.id,
                address_id=kept.id,
                changes={"country": "US", "postal_code": "10001"},
                now=NOW,
            )
        assert refused.value.field == "region"
        assert list_addresses(customer.id)[0].address == BERLIN

    def test_change_their_version_with_every_change_whatever_the_clock_says(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        seen = [kept.version]
        for now in (NOW, NOW, NOW - timedelta(hours=1)):
            city = f"Berlin {len(seen)}"
            change_address(
                customer_id=customer.id, address_id=kept.id, changes={"city": city}, now=now
            )
            seen.append(get_address(customer_id=customer.id, address_id=kept.id).version)
        assert seen == sorted(set(seen))

    def test_are_changed_and_removed_as_they_were_seen_or_not_at_all(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        changed = change_address(
            customer_id=customer.id,
            address_id=kept.id,
            changes={"line1": "Lindenweg 2"},
            expected_version=kept.version,
            now=NOW + timedelta(hours=1),
        )
        with pytest.raises(AddressHasChanged):
            change_address(
                customer_id=customer.id,
                address_id=kept.id,
                changes={"line1": "Lindenweg 3"},
                expected_version=kept.version,
                now=NOW + timedelta(hours=2),
            )
        with pytest.raises(AddressHasChanged):
            remove_address(
                customer_id=customer.id, address_id=kept.id, expected_version=kept.version
            )
        (listed,) = list_addresses(customer.id)
        assert (listed.line1, listed.version) == ("Lindenweg 2", changed.version)
        remove_address(
            customer_id=customer.id, address_id=kept.id, expected_version=changed.version
        )
        assert list_addresses(customer.id) == []

    def test_of_others_are_out_of_reach(self) -> None:
        owner, other = register(), register(email="eve@example.com")
        kept = add_address(customer_id=owner.id, address=BERLIN, now=NOW)
        with pytest.raises(AddressNotFound):
            change_address(
                customer_id=other.id, address_id=kept.id, changes={"city": "Rom"}, now=NOW
            )
        with pytest.raises(AddressNotFound):
            remove_address(customer_id=other.id, address_id=kept.id)
        with pytest.raises(AddressNotFound):
            get_address(customer_id=other.id, address_id=kept.id)
        assert list_addresses(owner.id)[0].address == BERLIN
        assert list_addresses(other.id) == []

    def test_are_gone_once_removed(self) -> None:
        customer = register()
        kept = add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        remove_address(customer_id=customer.id, address_id=kept.id)
        assert list_addresses(customer.id) == []
        with pytest.raises(AddressNotFound):
            remove_address(customer_id=customer.id, address_id=kept.id)

    def test_are_fifty_at_most(self) -> None:
        customer = register()
        CustomerAddress.objects.bulk_create(
            CustomerAddress(customer=customer, created_at=NOW, updated_at=NOW, **BERLIN.as_dict())
            for _ in range(49)
        )
        add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        with pytest.raises(TooManyAddresses):
            add_address(customer_id=customer.id, address=BERLIN, now=NOW)
        assert len(list_addresses(customer.id)) == 50

    def test_need_a_customer(self) -> None:
        with pytest.raises(CustomerNotFound):
            add_address(customer_id=CustomerId(new_id()), address=BERLIN, now=NOW)


class TestPaymentMethods:
    def test_are_kept_as_token_brand_digits_and_expiry(self) -> None:
        customer = register()
        save_payment_method(customer_id=customer.id, method=VISA, now=NOW)
        (kept,) = list_payment_methods(customer.id)
        assert (kept.provider, kept.method_type, kept.token) == ("stripe", "card", "pm_card_visa")
        assert (kept.brand, kept.last4, kept.expiry) == ("visa", "4242", "07/2028")

    def test_are_one_for_each_token_brought_up_to_date(self) -> None:
        customer = register()
        first = save_payment_method(customer_id=customer.id, method=VISA, now=NOW)
        renewed = SavedPayment(
            provider="stripe",
            method_type="card",
            token="pm_card_visa",
            brand="visa",
            last4="1881",
            expiry_month=7,
            expiry_year=2033,
        )
        second = save_payment_method(customer_id=customer.id, method=renewed, now=NOW)
        assert second.id == first.id
        (kept,) = list_payment_methods(customer.id)
        assert (kept.last4, kept.expiry) == ("1881", "07/2033")

    def test_of_others_are_out_of_reach(self) -> None:
        owner, other = register(), register(email="eve@example.com")
        kept = save_payment_method(customer_id=owner.id, method=VISA, now=NOW)
        with pytest.raises(PaymentMethodNotFound):
            remove_payment_method(customer_id=other.id, payment_method_id=kept.id)
        remove_payment_method(customer_id=owner.id, payment_method_id=kept.id)
        assert list_payment_methods(owner.id) == []

    def test_are_twenty_at_most(self) -> None:
        customer = register()
        PaymentMethod.objects.bulk_create(
            PaymentMethod(
                customer=customer,
                provider="stripe",
                method_type="card",
                token=f"pm_{number}",
                created_at=NOW,
            )
            for number in range(20)
        )
        with pytest.raises(TooManyPaymentMethods):
            save_payment_method(customer_id=customer.id, method=VISA, now=NOW)
        assert len(list_payment_methods(customer.id)) == 20

    @pytest.mark.parametrize(
        ("field", "value", "constraint"),
        [
            ("token", "4242424242424242", "a_token_is_no_card_number"),
            ("token", "4242 4242-4242.4242", "a_token_is_no_card_number"),
            ("last4", "42", "last4_is_four_digits_or_nothing"),
            ("expiry_month", 13, "an_expiry_is_a_month_of_a_year"),
            ("expiry_month", None, "an_expiry_is_a_month_of_a_year"),
            ("expiry_year", None, "an_expiry_is_a_month_of_a_year"),
        ],
    )
    def test_are_guarded_by_the_database(self, field: str, value: object, constraint: str) -> None:
        customer = register()
        kept = save_payment_method(customer_id=customer.id, method=VISA, now=NOW)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            PaymentMethod.objects.filter(id=kept.id).update(**{field: value})
