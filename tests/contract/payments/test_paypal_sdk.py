"""The simulated PayPal as PayPal's own SDK sees it, a client that knows nothing of us."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.payments.simulated_paypal import SimulatedPayPal

_SDK = "paypalserversdk.paypal_serversdk_client"
pytest.importorskip(_SDK, reason="paypal-server-sdk is not installed")


@pytest.fixture
def client(paypal_simulator: SimulatedPayPal) -> Any:
    """The SDK, which has no setting for the address that it speaks to."""
    from paypalserversdk.configuration import Configuration, Server
    from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
    from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

    class Simulated(Configuration):  # type: ignore[misc]  # it carries no types
        def get_base_uri(self, server: Any = Server.DEFAULT) -> str:
            return paypal_simulator.api_base

    account = ClientCredentialsAuthCredentials("foreign-client", "foreign-secret")
    return PaypalServersdkClient(config=Simulated(client_credentials_auth_credentials=account))


def order(client: Any, key: str, wallet: str = "") -> Any:
    """Make an order of ten euros."""
    paypal = {"vault_id": wallet} if wallet else {}
    made = client.orders.create_order(
        {
            "body": {
                "intent": "AUTHORIZE",
                "purchase_units": [{"amount": {"currency_code": "EUR", "value": "10.00"}}],
                "payment_source": {"paypal": paypal},
            },
            "paypal_request_id": key,
            "prefer": "return=representation",
        }
    )
    return made.body


def authorization(made: Any) -> Any:
    """Give the authorisation of an order."""
    return made.purchase_units[0].payments.authorizations[0]


class TestTheSdk:
    def test_has_an_order_approved_and_authorised(
        self, client: Any, paypal_simulator: SimulatedPayPal
    ) -> None:
        made = order(client, "o1")
        assert (made.status, [link.rel for link in made.links]) == (
            "PAYER_ACTION_REQUIRED",
            ["self", "payer-action"],
        )
        paypal_simulator.approve(made.id)

        done = client.orders.authorize_order(
            {
                "id": made.id,
                "body": {},
                "paypal_request_id": "a1",
                "prefer": "return=representation",
            }
        )

        assert (done.status_code, done.body.status) == (201, "COMPLETED")
        assert authorization(done.body).status == "CREATED"
        assert client.orders.get_order({"id": made.id}).body.status == "COMPLETED"

    def test_captures_and_gives_back(self, client: Any) -> None:
        held = authorization(order(client, "o1", "ok"))

        taken = client.payments.capture_authorized_payment(
            {
                "authorization_id": held.id,
                "paypal_request_id": "c1",
                "body": {"final_capture": True},
            }
        ).body
        back = client.payments.refund_captured_payment(
            {"capture_id": taken.id, "paypal_request_id": "r1", "body": {}}
        ).body

        shown = client.payments.get_captured_payment({"capture_id": taken.id}).body
        assert (shown.status, shown.final_capture, shown.amount.value) == (
            "REFUNDED",
            True,
            "10.00",
        )
        assert client.payments.get_refund({"refund_id": back.id}).body.status == "COMPLETED"

    def test_finds_what_was_settled(self, client: Any) -> None:
        held = authorization(order(client, "o1", "ok"))
        taken = client.payments.capture_authorized_payment(
            {"authorization_id": held.id, "paypal_request_id": "c1", "body": {}}
        ).body
        now = datetime.now(UTC)

        found = client.transaction_search.search_transactions(
            {
                "start_date": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
                "end_date": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
                "fields": "transaction_info",
            }
        ).body

        assert (found.total_items, found.total_pages) == (1, 1)
        (info,) = (one.transaction_info for one in found.transaction_details)
        assert (info.transaction_id, info.transaction_event_code) == (taken.id, "T0006")
        assert (info.transaction_amount.value, info.fee_amount.value) == ("10.00", "-0.39")

    def test_releases_what_is_held(self, client: Any) -> None:
        held = authorization(order(client, "o1", "ok"))

        gone = client.payments.void_payment(
            {"authorization_id": held.id, "paypal_request_id": "v1"}
        )

        assert gone.status_code == 204
        shown = client.payments.get_authorized_payment({"authorization_id": held.id}).body
        assert shown.status == "VOIDED"

    def test_understands_the_errors(self, client: Any) -> None:
        from paypalserversdk.exceptions.error_exception import ErrorException

        with pytest.raises(ErrorException) as refusal:
            order(client, "o1", "declined")

        assert refusal.value.response_code == 422
        assert [one.issue for one in refusal.value.details] == ["INSTRUMENT_DECLINED"]
