"""Getting to know customers."""

import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from apps.customers.domain.refusals import EmailTaken
from apps.customers.models import Customer
from apps.customers.queries import get_customer
from apps.kernel.identifiers import new_id
from apps.platform.outbox.models import Delivery, StoredEvent
from tests.card_writings import CODES, NUMBERS
from tests.integration.customers.people import published, register


@pytest.mark.django_db
class TestRegistering:
    def test_keeps_the_profile_and_publishes_it(self) -> None:
        customer = register()
        kept = get_customer(customer.id)
        assert kept.profile == customer.profile
        assert (kept.version, kept.created_at) == (1, kept.updated_at)
        assert published(customer) == [
            (
                "customers.customer_registered",
                1,
                {
                    "customer_id": str(customer.id),
                    "name": "Ada Example",
                    "email": "ada@example.com",
                    "phone": "+4930123456",
                    "locale": "en",
                    "region": "eu-west-1",
                    "wants_email": True,
                    "wants_sms": False,
                },
            )
        ]

    @pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM"])
    def test_refuses_an_address_that_is_taken_in_whatever_case(self, email: str) -> None:
        first = register()
        with pytest.raises(EmailTaken) as refused:
            register(name="Eve", email=email)
        assert refused.value.context == {"pointer": "/email"}
        assert [one.id for one in Customer.objects.all()] == [first.id]
        assert StoredEvent.objects.count() == 1

    def test_keeps_the_case_that_the_customer_uses(self) -> None:
        assert get_customer(register(email="Ada@Example.com").id).email == "Ada@Example.com"


@pytest.mark.django_db(transaction=True)
class TestRegisteringForGood:
    def test_hands_the_fact_to_those_who_write_to_customers(self) -> None:
        register()
        assert list(Delivery.objects.values_list("subscriber", flat=True)) == [
            "notifications.recipients"
        ]

    def test_lets_one_of_many_at_once_have_the_address(self) -> None:
        start = threading.Barrier(8)

        def attempt(number: int) -> bool:
            try:
                start.wait()
                register(email=["ada@example.com", "Ada@example.com"][number % 2])
            except EmailTaken:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1
        assert Customer.objects.count() == 1
        assert StoredEvent.objects.count() == 1

    def test_leaves_any_other_fault_of_the_data_loud(self) -> None:
        customer = register()
        customer.pk, customer.email, customer.locale = new_id(), "eve@example.com", "xx"
        with pytest.raises(IntegrityError, match="customer_locale_is_one_we_write_in"):
            customer.save(force_insert=True)


@pytest.mark.django_db
class TestCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("register_customer", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_the_id_and_nothing_else(self) -> None:
        printed = self.run("--email", "ada@example.com", "--name", "Ada Example", "--locale", "de")
        customer = Customer.objects.get()
        assert printed == f"{customer.id}\n"
        assert (customer.locale, customer.region) == ("de", "local")
        assert (customer.wants_email, customer.wants_sms) == (True, False)
        assert StoredEvent.objects.get().actor == "system:register_customer"

    @pytest.mark.parametrize(
        ("email", "sentence"),
        [
            ("ADA@example.com", "Another customer is registered with this email address."),
            ("nobody", "This is no email address, such as ada@example.com."),
        ],
    )
    def test_ends_with_status_2_and_one_line_where_it_is_refused(
        self, email: str, sentence: str
    ) -> None:
        register()
        with pytest.raises(CommandError) as refused:
            self.run("--email", email, "--name", "Ada")
        assert (refused.value.returncode, str(refused.value)) == (2, sentence)
        assert Customer.objects.count() == 1

    @pytest.mark.parametrize("option", ["--name", "--email", "--phone", "--locale", "--region"])
    def test_takes_no_card_in_any_option(self, option: str) -> None:
        for text in [*NUMBERS, *CODES]:
            given = {"--name": "Ada", "--email": "ada@example.com", option: f"Ada {text}"}
            with pytest.raises(CommandError) as refused:
                self.run(*(f"{name}={value}" for name, value in given.items()))
            assert (refused.value.returncode, str(refused.value)) == (
                2,
                f"{option} holds a card number or security code; leave it out.",
            ), text
        assert not Customer.objects.exists()
        assert not StoredEvent.objects.exists()
