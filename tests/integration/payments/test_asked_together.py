"""The invariants asked in one statement, as the tests here do: they see what the command sees."""

import pytest

from apps.payments.models import Payment
from tests.integration.payments.disputed_shop import broken
from tests.integration.shop import place, stock, work_off


@pytest.mark.django_db(transaction=True)
def test_names_what_is_broken_and_nothing_else() -> None:
    stock({"SKU-A": {"BER": 9}})
    place()
    work_off()
    assert broken() == []
    Payment.objects.update(disputed_minor=1)
    assert broken() == ["a_payment_agrees_with_its_disputes"]
