"""Why a provider was chosen, for whoever asks in the back office."""

from typing import Any

import pytest

from apps.orders.domain.provider_rules import read_rules
from tests.integration.admin.conftest import Enter
from tests.integration.shop import payment_of, place, settled, stock

pytestmark = pytest.mark.django_db(transaction=True)


def test_is_shown_with_the_payment(enter: Enter, settings: Any) -> None:
    settings.OMS_PROVIDER_RULES = read_rules(
        "sandbox: country=DE|AT; stripe", providers=settings.OMS_GATEWAYS
    )
    stock({"SKU-A": {"BER": 1}})
    order = settled(place(provider="auto", tokens={"sandbox": "tok_approve", "stripe": "pm_1"}))
    page = enter("agent").get(f"/admin/payments/payment/{payment_of(order).id}/change/")
    shown = page.content.decode()
    assert "Asked for through sandbox, by the rule sandbox: country=DE|AT" in shown
    assert "pm_1" not in shown
