"""Customers as customer service sees and corrects them."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.customers.admin import _named_by
from apps.customers.models import Customer
from apps.customers.queries import find_customer_ids, get_customer
from apps.customers.services.add_address import add_address
from apps.customers.services.change_profile import ProfileChanges, change_profile
from apps.customers.services.save_payment_method import save_payment_method
from apps.platform.audit.models import AuditEntry
from tests.conftest import make_cause
from tests.integration.customers.people import published, register
from tests.integration.customers.test_belongings import BERLIN, VISA

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "name": "Ada Example",
    "email": "ada@example.com",
    "phone": "+4930123456",
    "locale": "en",
    "wants_email": "on",
    "seen": "1",
    "addresses-TOTAL_FORMS": "0",
    "addresses-INITIAL_FORMS": "0",
    "payment_methods-TOTAL_FORMS": "0",
    "payment_methods-INITIAL_FORMS": "0",
}


def path(customer: Customer) -> str:
    return f"/admin/customers/customer/{customer.id}/change/"


class TestCustomerAdmin:
    @pytest.mark.parametrize("words", ["ADA@EXAMPLE", "ada exam", "+49 30 123456"])
    def test_finds_customers(self, admin_client: Client, words: str) -> None:
        customer = register()
        register(name="Eve", email="eve@example.com", phone="")
        page = admin_client.get("/admin/customers/customer/", {"q": words}).content.decode()
        assert path(customer) in page
        assert "eve@example.com" not in page

    def test_shows_addresses_and_payment_methods_but_no_token(self, admin_client: Client) -> None:
        customer = register()
        add_address(customer_id=customer.id, address=BERLIN, now=timezone.now())
        save_payment_method(customer_id=customer.id, method=VISA, now=timezone.now())
        page = admin_client.get(path(customer)).content.decode()
        assert "Lindenweg 1" in page
        assert "07/2028" in page
        assert "4242" in page
        assert "pm_card_visa" not in page

    def test_changes_through_the_use_case(self, admin_client: Client, admin_user: User) -> None:
        customer = register()
        answer = admin_client.post(path(customer), {**FORM, "locale": "de", "name": " Ada  L. "})
        assert answer.status_code == 302
        kept = get_customer(customer.id)
        assert (kept.locale, kept.name, kept.version) == ("de", "Ada L.", 2)
        assert published(customer)[1][0] == "customers.customer_changed"
        assert AuditEntry.objects.get().actor == f"agent:{admin_user.pk}"

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("phone", "030 12", "A telephone number has + and its country code"),
            ("email", "ada@localhost", "This is no email address"),
            ("email", "EVE@example.com", "Another customer is registered with this email address."),
        ],
    )
    def test_explains_what_is_wrong_and_changes_nothing(
        self, admin_client: Client, field: str, value: str, sentence: str
    ) -> None:
        register(email="eve@example.com")
        customer = register()
        answer = admin_client.post(path(customer), {**FORM, field: value})
        assert answer.status_code == 200
        assert sentence in answer.content.decode()
        assert get_customer(customer.id).version == 1

    def test_brings_no_withdrawn_consent_back(self, admin_client: Client) -> None:
        customer = register()
        page = admin_client.get(path(customer)).content.decode()
        assert re.search(r'<input type="hidden" name="seen" value="1"', page)
        change_profile(
            customer_id=customer.id,
            changes=ProfileChanges(wants_email=False),
            cause=make_cause(),
            now=timezone.now(),
        )
        answer = admin_client.post(path(customer), {**FORM, "name": "Ada Lovelace"})
        assert answer.status_code == 200
        assert "The customer has changed meanwhile" in answer.content.decode()
        kept = get_customer(customer.id)
        assert (kept.name, kept.wants_email) == ("Ada Example", False)

    def test_searches_through_indexes(self, admin_client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
            try:
                for words in ("ada exam", "ADA@", "+49 30 123456", str(uuid4())):
                    found = Customer.objects.filter(_named_by(words)).order_by()
                    assert "Seq Scan" not in found.explain(), words
                with CaptureQueriesContext(connection) as asked:
                    find_customer_ids("ADA@example.com")
                    find_customer_ids("+49 30 123456")
                assert len(asked) == 2
                for query in asked:
                    cursor.execute(f"EXPLAIN {query['sql']}")
                    assert "Seq Scan" not in str(cursor.fetchall())
            finally:
                cursor.execute("RESET enable_seqscan")

    def test_neither_adds_nor_deletes(self, admin_client: Client) -> None:
        customer = register()
        assert admin_client.get("/admin/customers/customer/add/").status_code == 403
        delete = path(customer).replace("change", "delete")
        assert admin_client.post(delete, {"post": "yes"}).status_code == 403
        assert Customer.objects.count() == 1
