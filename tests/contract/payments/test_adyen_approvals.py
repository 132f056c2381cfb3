"""What the Adyen adapter makes of a customer who has to approve a payment."""

from dataclasses import replace

import pytest

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    ActionRequired,
    Declined,
    Done,
)
from tests.contract.payments.adyen_shop import Shop, code_of
from tests.contract.payments.conftest import make_call
from tests.contract.payments.simulated_adyen import (
    SimulatedAdyen,
)

CAPTURE, VOID, REFUND = OperationKind.CAPTURE, OperationKind.VOID, OperationKind.REFUND


@pytest.fixture
def shop(adyen_gateway: AdyenGateway, adyen_simulator: SimulatedAdyen) -> Shop:
    return Shop(adyen_gateway, adyen_simulator)


class TestApprovalByTheCustomer:
    def test_that_is_still_to_come_is_waited_for(self, shop: Shop) -> None:
        call, page = shop.asked()

        assert shop.look_up(call, call.reference) is None
        assert shop.gateway.perform(call) == ActionRequired(
            reference=str(call.payment_id), redirect_url=page
        )

    def test_reserves_the_money_once_the_customer_is_back(self, shop: Shop) -> None:
        call, page = shop.asked()
        query = shop.simulator.decide(page, "approve")
        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0

        found = shop.gateway.look_up(shop.returned(call, query))

        assert isinstance(found, Done)
        assert (found.brand, found.last4) == ("visa", "3184")
        assert shop.gateway.look_up(shop.returned(call, query)) == found
        shop.simulator.receiver.wait_for("AUTHORISATION")
        assert shop.look_up(call, call.reference) == found

    def test_that_is_refused_declines_the_payment(self, shop: Shop) -> None:
        call, page = shop.asked()
        query = shop.simulator.decide(page, "fail")

        found = shop.gateway.look_up(shop.returned(call, query))

        assert code_of(found) == "authentication_failed"
        shop.simulator.receiver.wait_for("AUTHORISATION")
        # A webhook has the text of the reason and not its number.
        assert isinstance(found, Declined)
        told = replace(found, provider_code="3D Not Authenticated")
        assert shop.look_up(call, call.reference) == told

    def test_after_which_the_bank_says_no_declines_the_payment(self, shop: Shop) -> None:
        call, page = shop.asked("stored_card_challenge_not_enough_balance")
        query = shop.simulator.decide(page, "approve")

        assert code_of(shop.gateway.look_up(shop.returned(call, query))) == "insufficient_funds"

    def test_of_another_payment_is_worth_nothing(self, shop: Shop) -> None:
        victim, _ = shop.asked()
        other, page = shop.asked()
        query = shop.simulator.decide(page, "approve")

        assert shop.gateway.look_up(shop.returned(victim, query)) is None
        assert isinstance(shop.gateway.look_up(shop.returned(other, query)), Done)

    def test_that_somebody_made_up_is_worth_nothing(self, shop: Shop) -> None:
        call, page = shop.asked()
        made_up = shop.returned(call, {"redirectResult": "made-up"})

        assert shop.gateway.look_up(made_up) is None

        query = shop.simulator.decide(page, "approve")
        assert isinstance(shop.gateway.look_up(shop.returned(made_up, query)), Done)

    @pytest.mark.parametrize(
        "query",
        [{}, {"redirectResult": ""}, {"redirectResult": "a\0b"}, {"redirectResult": "x" * 10_001}],
    )
    def test_leaves_out_what_is_no_result(self, shop: Shop, query: dict[str, str]) -> None:
        assert shop.gateway.read_return(query) == {}

    def test_is_not_waited_for_once_the_payment_is_called_off(self, shop: Shop) -> None:
        call, page = shop.asked()
        void = make_call(VOID, of=call, authorization=call.authorization)

        voided = shop.settle(void)

        assert isinstance(voided, Done)
        assert code_of(shop.look_up(call, call.reference)) == "canceled"
        with pytest.raises(OSError, match="409"):
            shop.simulator.decide(page, "approve")

    def test_that_was_given_and_not_handed_in_can_be_called_off(self, shop: Shop) -> None:
        call, page = shop.asked()
        query = shop.simulator.decide(page, "approve")

        shop.settle(make_call(VOID, of=call, authorization=call.authorization))

        assert code_of(shop.gateway.look_up(shop.returned(call, query))) == "canceled"
        assert shop.simulator.payment(call.payment_id)["live_authorizations"] == 0
