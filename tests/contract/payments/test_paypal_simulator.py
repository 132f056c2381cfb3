"""The simulated PayPal as a client sees it that knows nothing of us."""

import json
import threading
from pathlib import Path

import pytest

from infra.simulators.paypal.books import Books
from tests.contract.payments.paypal_client import ORDERS, Client, held, order
from tests.contract.payments.paypal_contract import event_violations
from tests.contract.payments.running import HELD_MS
from tests.contract.payments.simulated_paypal import OPENER, SimulatedPayPal
from tests.contract.provider_contracts import skip_without_contracts
from tests.waiting import wait_until


@pytest.fixture
def client(paypal_simulator: SimulatedPayPal) -> Client:
    """A client with a token."""
    return Client(paypal_simulator)


class TestAnOrder:
    def test_goes_from_approval_to_authorisation(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        status, made = client.post(ORDERS, order(), "o1")
        assert (status, made["status"]) == (201, "PAYER_ACTION_REQUIRED")
        assert [link["rel"] for link in made["links"]] == ["self", "payer-action"]
        path = f"{ORDERS}/{made['id']}/authorize"
        status, refusal = client.post(path, {}, "a1")
        assert (status, refusal["details"][0]["issue"]) == (422, "ORDER_NOT_APPROVED")

        paypal_simulator.approve(made["id"])
        assert client.get(f"{ORDERS}/{made['id']}")["status"] == "APPROVED"
        assert client.post(path, {}, "a1")[1]["status"] == "COMPLETED"

        status, refusal = client.post(path, {}, "a2")
        assert (status, refusal["details"][0]["issue"]) == (422, "ORDER_ALREADY_AUTHORIZED")

    def test_says_little_unless_asked_for_everything(self, client: Client) -> None:
        _, short = client.post(ORDERS, order(), "o1")
        _, full = client.post(ORDERS, order(), "o2", Prefer="return=representation")

        assert short.keys() == {"id", "status", "links"}
        assert full["purchase_units"][0]["amount"] == {"currency_code": "EUR", "value": "10.00"}

    def test_with_a_wallet_needs_a_key(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        status, refusal = client.post(ORDERS, order())
        paypal_simulator.forgive_requests()

        assert (status, refusal["details"][0]["issue"]) == (400, "PAYPAL_REQUEST_ID_REQUIRED")

    def test_cannot_be_paid_twice_under_one_invoice(self, client: Client) -> None:
        held(client, key="o1", invoice_id="I1")

        status, refusal = client.post(ORDERS, order("ok", invoice_id="I1"), "o2")

        assert (status, refusal["details"][0]["issue"]) == (422, "DUPLICATE_INVOICE_ID")

    @pytest.mark.parametrize(
        ("value", "status", "issue"),
        [
            ("1.234", 422, "DECIMAL_PRECISION"),
            ("0.00", 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
            ("ten", 400, "INVALID_PARAMETER_SYNTAX"),
        ],
    )
    def test_of_an_odd_amount_is_refused(
        self,
        client: Client,
        paypal_simulator: SimulatedPayPal,
        value: str,
        status: int,
        issue: str,
    ) -> None:
        said, refusal = client.post(ORDERS, order(value=value), "o1")
        paypal_simulator.forgive_requests()

        assert (said, refusal["details"][0]["issue"]) == (status, issue)

    def test_shows_the_payer_a_page_with_two_buttons(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        _, made = client.post(ORDERS, order(reference_id="<b>"), "o1")
        (url,) = [link["href"] for link in made["links"] if link["rel"] == "payer-action"]

        with OPENER.open(url, timeout=5) as response:
            text = response.read().decode()

        assert "10.00 EUR" in text
        assert text.count("<form") == 2
        assert "&lt;b&gt;" in text
        paypal_simulator.ask(f"/checkoutnow/cancel?token={made['id']}", "POST")
        assert client.get(f"{ORDERS}/{made['id']}")["status"] == "PAYER_ACTION_REQUIRED"


class TestMoney:
    def test_is_captured_in_parts_unless_one_is_the_last(self, client: Client) -> None:
        name = held(client)
        path = f"/v2/payments/authorizations/{name}"
        part = {"amount": {"currency_code": "EUR", "value": "4.00"}}

        assert client.post(f"{path}/capture", part, "c1")[0] == 201
        assert client.get(path)["status"] == "PARTIALLY_CAPTURED"
        status, refusal = client.post(
            f"{path}/capture", {"amount": {"currency_code": "EUR", "value": "6.01"}}, "c2"
        )
        assert (status, refusal["details"][0]["issue"]) == (422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
        client.post(f"{path}/capture", {**part, "final_capture": True}, "c3")
        assert client.get(path)["status"] == "CAPTURED"
        status, refusal = client.post(f"{path}/void", None, "v1")
        assert (status, refusal["details"][0]["issue"]) == (422, "PREVIOUSLY_CAPTURED")

    def test_is_given_back_until_nothing_is_left(self, client: Client) -> None:
        path = f"/v2/payments/authorizations/{held(client)}/capture"
        _, capture = client.post(path, {"final_capture": True}, "c1")
        back = f"/v2/payments/captures/{capture['id']}"
        part = {"amount": {"currency_code": "EUR", "value": "4.00"}}

        assert client.post(f"{back}/refund", part, "r1")[0] == 201
        assert client.get(back)["status"] == "PARTIALLY_REFUNDED"
        _, rest = client.post(f"{back}/refund", {}, "r2", Prefer="return=representation")
        assert rest["amount"]["value"] == "6.00"
        assert client.get(f"/v2/payments/refunds/{rest['id']}")["status"] == "COMPLETED"
        status, refusal = client.post(f"{back}/refund", {}, "r3")
        assert (status, refusal["details"][0]["issue"]) == (422, "CAPTURE_FULLY_REFUNDED")

    def test_that_is_released_cannot_be_captured(self, client: Client) -> None:
        path = f"/v2/payments/authorizations/{held(client)}"

        assert client.post(f"{path}/void", None, "v1") == (204, None)
        assert client.post(f"{path}/void", None, "v1", Prefer="return=representation")[0] == 200
        assert client.post(f"{path}/void", None, "v2")[1]["details"] == [
            {"issue": "PREVIOUSLY_VOIDED"}
        ]
        status, refusal = client.post(f"{path}/capture", {}, "c1")
        assert (status, refusal["details"][0]["issue"]) == (422, "AUTHORIZATION_VOIDED")


class TestAKey:
    def test_gives_the_latest_state_of_its_first_request(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        _, first = client.post(ORDERS, order(), "k1")
        paypal_simulator.approve(first["id"])

        status, again = client.post(ORDERS, order(), "k1")

        assert (status, again["id"], again["status"]) == (200, first["id"], "APPROVED")

    def test_counts_for_one_address(self, client: Client) -> None:
        path = f"/v2/payments/authorizations/{held(client, key='k1')}/capture"

        assert client.post(path, {"final_capture": True}, "k1")[1]["status"] == "COMPLETED"

    def test_is_not_taken_twice_at_once(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        with paypal_simulator.faults(latency_ms=HELD_MS):
            first = threading.Thread(target=client.post, args=(ORDERS, order("ok"), "k1"))
            calls = paypal_simulator.ask("/_calls")["total"]
            first.start()
            wait_until(lambda: paypal_simulator.ask("/_calls")["total"] > calls)
            status, refusal = client.post(ORDERS, order("ok"), "k1")
        first.join()

        assert (status, refusal["details"]) == (409, [{"issue": "PREVIOUS_REQUEST_IN_PROGRESS"}])
        assert client.post(ORDERS, order("ok"), "k1")[0] == 200

    def test_keeps_nothing_of_a_refused_request(self, client: Client) -> None:
        name = held(client)
        path = f"/v2/payments/authorizations/{name}/capture"
        too_much = {"amount": {"currency_code": "EUR", "value": "11.00"}}

        assert client.post(path, too_much, "k2")[0] == 422
        assert client.post(path, {"final_capture": True}, "k2")[0] == 201


class TestAFailureOnDemand:
    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("INSTRUMENT_DECLINED", 422),
            ("TRANSACTION_REFUSED", 422),
            ("INTERNAL_SERVER_ERROR", 500),
        ],
    )
    def test_is_wished_for_by_a_header(self, client: Client, code: str, status: int) -> None:
        wish = json.dumps({"mock_application_codes": code})

        said, refusal = client.post(ORDERS, order("ok"), "k1", PayPal_Mock_Response=wish)

        assert said == status
        assert code in (refusal["name"], *(one["issue"] for one in refusal.get("details", [])))
        assert client.post(ORDERS, order("ok"), "k1")[0] == 201

    def test_that_is_unknown_is_refused(self, paypal_simulator: SimulatedPayPal) -> None:
        with pytest.raises(OSError, match="400"):
            paypal_simulator.ask("/_faults", "POST", {"no_such_fault": 1})

    def test_cannot_happen_to_what_is_not_there(self, paypal_simulator: SimulatedPayPal) -> None:
        for what in ("expire", "settle", "reverse", "dispute"):
            with pytest.raises(OSError, match="404"):
                paypal_simulator.let(what, capture="NOTHING", status="COMPLETED")


class TestWebhooks:
    def test_are_as_paypal_describes_them(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        skip_without_contracts()
        path = f"/v2/payments/authorizations/{held(client)}/capture"
        client.post(path, {"final_capture": True}, "c1")
        for kind in ("PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.CAPTURE.COMPLETED"):
            paypal_simulator.receiver.wait_for(kind)

        for letter in paypal_simulator.receiver.letters:
            assert event_violations(letter.event) == []
        kinds = sorted(one.event["resource_type"] for one in paypal_simulator.receiver.letters)
        assert kinds == ["authorization", "capture"]

    def test_come_again_until_they_are_taken(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        answers = iter([500, 404])
        paypal_simulator.receiver.answers = lambda letter: next(answers, 200)

        held(client)

        letters = paypal_simulator.receiver.wait_for("PAYMENT.AUTHORIZATION.CREATED", count=3)
        assert len({letter.event["id"] for letter in letters}) == 1
        assert len({letter.headers["paypal-transmission-id"] for letter in letters}) == 3

    def test_come_more_than_once_on_demand(
        self, client: Client, paypal_simulator: SimulatedPayPal
    ) -> None:
        with paypal_simulator.faults(webhook_duplicates=2):
            held(client)
            letters = paypal_simulator.receiver.wait_for("PAYMENT.AUTHORIZATION.CREATED", count=3)

        assert len({letter.event["id"] for letter in letters}) == 1


class TestTheBooks:
    def test_are_read_again_after_a_restart(self, tmp_path: Path) -> None:
        journal = tmp_path / "books.jsonl"
        first = SimulatedPayPal(keys=tmp_path, journal=journal).start()
        first.receiver.answers = lambda letter: 500
        name = held(Client(first), custom_id="p1")
        first.receiver.wait_for("PAYMENT.AUTHORIZATION.CREATED")
        first.stop()
        with journal.open("ab") as file:
            file.write(b'{"type":"change","ord')

        second = SimulatedPayPal(keys=tmp_path, journal=journal).start()
        try:
            second.receiver.wait_for("PAYMENT.AUTHORIZATION.CREATED")
            assert second.payment("p1")["orders"][0]["authorization"] == name
            status, again = Client(second).post(ORDERS, order("ok", custom_id="p1"), "o1")
            assert (status, again["id"]) == (200, second.payment("p1")["orders"][0]["id"])
        finally:
            second.stop()
        wait_until(lambda: not Books(journal, is_announced=lambda one: True).undelivered)
