"""Authorisations that are renewed, each provider in its own way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.payments.adapters.adyen.gateway import AdyenGateway
from apps.payments.adapters.paypal.gateway import PayPalGateway
from apps.payments.domain.operations import OperationKind
from apps.payments.ports import (
    Accepted,
    Declined,
    Done,
    GatewayCall,
    GatewayMisused,
    OutcomeUnknown,
)
from tests.contract.payments.adyen_contract import letter_violations
from tests.contract.payments.adyen_shop import Shop
from tests.contract.payments.conftest import make_call
from tests.contract.payments.paypal_calls import authorized
from tests.contract.payments.simulated_adyen import KEY, MERCHANT, SimulatedAdyen, item_of
from tests.contract.payments.simulated_paypal import SimulatedPayPal
from tests.contract.provider_contracts import FOLDER

CAPTURE, RENEW, VOID = OperationKind.CAPTURE, OperationKind.RENEW, OperationKind.VOID


def following(call: GatewayCall, kind: OperationKind, held: str, first: str = "") -> GatewayCall:
    return replace(make_call(kind, of=call, authorization=held), first_authorization=first)


class TestAtPayPal:
    @pytest.fixture
    def ripe(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> tuple[GatewayCall, str]:
        """A payment whose authorisation is four days old."""
        call, held = authorized(paypal_gateway)
        paypal_simulator.let("age", authorization=held, days="4")
        return call, held

    def renewed(self, gateway: PayPalGateway, call: GatewayCall, held: str) -> Done:
        done = gateway.perform(following(call, RENEW, held))
        assert isinstance(done, Done)
        return done

    def test_gives_it_another_name_and_end(
        self, paypal_gateway: PayPalGateway, ripe: tuple[GatewayCall, str]
    ) -> None:
        done = self.renewed(paypal_gateway, *ripe)

        assert done.authorization == done.reference != ripe[1]
        assert done.held_until is not None
        in_25_days = datetime.now(UTC) + timedelta(days=25)
        assert abs(done.held_until - in_25_days) < timedelta(minutes=5)

    def test_near_the_end_gains_an_honour_period(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, held = authorized(paypal_gateway)
        paypal_simulator.let("age", authorization=held, days="28")

        done = self.renewed(paypal_gateway, call, held)

        assert done.held_until is not None
        in_3_days = datetime.now(UTC) + timedelta(days=3)
        assert abs(done.held_until - in_3_days) < timedelta(minutes=5)

    def test_whose_answer_is_lost_is_found_by_its_order(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        ripe: tuple[GatewayCall, str],
    ) -> None:
        renewal = following(ripe[0], RENEW, ripe[1])
        assert paypal_gateway.look_up(renewal) is None
        with paypal_simulator.faults(lose_answers_rate=1), pytest.raises(OutcomeUnknown):
            paypal_gateway.perform(renewal)

        found = paypal_gateway.look_up(renewal)

        assert found == paypal_gateway.perform(renewal)
        assert isinstance(found, Done)
        assert found.authorization != ripe[1]

    def test_comes_once_and_then_is_refused(
        self, paypal_gateway: PayPalGateway, ripe: tuple[GatewayCall, str]
    ) -> None:
        call, held = ripe
        done = self.renewed(paypal_gateway, call, held)
        again = replace(following(call, RENEW, done.authorization), idempotency_key="again")

        answer = paypal_gateway.perform(again)

        assert isinstance(answer, Declined)
        assert answer.code == "REAUTHORIZATION_NOT_SUPPORTED"
        assert paypal_gateway.look_up(replace(again, first_authorization=held)) is None

    def test_in_the_first_days_is_refused(self, paypal_gateway: PayPalGateway) -> None:
        call, held = authorized(paypal_gateway)

        answer = paypal_gateway.perform(following(call, RENEW, held))

        assert isinstance(answer, Declined)
        assert answer.code == "REAUTHORIZATION_TOO_SOON"

    def test_of_a_wallet_that_does_not_pay_is_refused(
        self, paypal_gateway: PayPalGateway, paypal_simulator: SimulatedPayPal
    ) -> None:
        call, held = authorized(paypal_gateway, "renewal-refused")
        paypal_simulator.let("age", authorization=held, days="4")

        answer = paypal_gateway.perform(following(call, RENEW, held))

        assert isinstance(answer, Declined)
        assert answer.code == "PAYER_CANNOT_PAY"

    def test_of_what_nobody_knows_is_a_fault_of_ours(self, paypal_gateway: PayPalGateway) -> None:
        with pytest.raises(GatewayMisused):
            paypal_gateway.perform(following(make_call(), RENEW, "UNKNOWN1"))

    def test_takes_the_place_of_the_first_one(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        ripe: tuple[GatewayCall, str],
    ) -> None:
        call, held = ripe
        done = self.renewed(paypal_gateway, call, held)
        assert paypal_simulator.payment(call.payment_id)["live_authorizations"] == 1

        of_the_first = paypal_gateway.perform(following(call, CAPTURE, held))
        of_the_new = paypal_gateway.perform(
            replace(following(call, CAPTURE, done.authorization), idempotency_key="new")
        )

        assert isinstance(of_the_first, Declined)
        assert isinstance(of_the_new, Done)

    def test_is_let_go_under_its_first_name(
        self,
        paypal_gateway: PayPalGateway,
        paypal_simulator: SimulatedPayPal,
        ripe: tuple[GatewayCall, str],
    ) -> None:
        call, held = ripe
        done = self.renewed(paypal_gateway, call, held)

        void = following(call, VOID, done.authorization, first=held)

        assert isinstance(paypal_gateway.perform(void), Done)
        assert isinstance(paypal_gateway.look_up(void), Done)
        assert paypal_simulator.payment(call.payment_id)["live_authorizations"] == 0


class TestAtAdyen:
    @pytest.fixture
    def shop(self, adyen_gateway: AdyenGateway, adyen_simulator: SimulatedAdyen) -> Shop:
        return Shop(adyen_gateway, adyen_simulator)

    def test_is_taken_and_told_later(self, shop: Shop) -> None:
        call, held = shop.authorized()
        renewal = following(call, RENEW, held)

        taken = shop.gateway.perform(renewal)
        assert isinstance(taken, Accepted)
        (letter,) = shop.simulator.receiver.wait_for("AUTHORISATION_ADJUSTMENT")
        ended = shop.look_up(renewal, taken.reference)

        assert ended == Done(reference=taken.reference)
        assert item_of(letter)["success"] == "true"
        if FOLDER.is_dir():
            assert letter_violations(letter.event) == []

    def test_may_be_refused(self, shop: Shop) -> None:
        call, held = shop.authorized("stored_card_adjustment_refused")

        answer = shop.settle(following(call, RENEW, held))

        assert isinstance(answer, Declined)
        assert answer.code == "renewal_refused"

    def test_of_what_has_run_out_meanwhile_is_refused(self, shop: Shop) -> None:
        call, held = shop.authorized()
        shop.simulator.ask(f"/_expire?psp_reference={held}", "POST")
        shop.simulator.receiver.wait_for("EXPIRE")

        answer = shop.look_up(following(call, RENEW, held))

        assert isinstance(answer, Declined)
        assert answer.code == "canceled"

    def test_is_asked_for_ahead_where_it_may_be_wanted(
        self, adyen_simulator: SimulatedAdyen
    ) -> None:
        gateway = AdyenGateway(
            api_key="key",
            api_base=adyen_simulator.api_base,
            merchant_account=MERCHANT,
            hmac_key=KEY,
            is_renewable=True,
        )

        assert isinstance(gateway.perform(make_call(token="stored_card_authorised")), Done)

        (request,) = adyen_simulator.requests_to("POST", "/v72/payments")
        assert b'"authorisationType":"PreAuth"' in request.body
