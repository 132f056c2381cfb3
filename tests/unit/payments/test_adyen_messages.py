"""Webhooks of Adyen: who may send them, and what is kept of them."""

import base64
import json
import uuid
from typing import Any

import pytest

from apps.payments.adapters.adyen.messages import Postbox
from apps.payments.adapters.adyen.objects import Amount, Item
from apps.payments.adapters.adyen.signatures import signature_of
from apps.payments.ports import MessageRefused, ProviderMessage
from infra.simulators.adyen.notices import sign

KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
PAYMENT_ID = uuid.UUID("0193a8a0-0000-7000-8000-000000000001")
OPERATION_ID = uuid.UUID("0193a8a0-0000-7000-8000-000000000002")


def postbox(*, user: str = "", is_live: bool = False) -> Postbox:
    return Postbox(
        merchant_account="Shop", hmac_key=KEY, user=user, password="pass", is_live=is_live
    )


def item(event: str = "AUTHORISATION", **fields: Any) -> dict[str, Any]:
    """Make an item of our shop, not signed yet."""
    return {
        "eventCode": event,
        "success": "true",
        "eventDate": "2026-11-22T12:00:00+00:00",
        "merchantAccountCode": "Shop",
        "merchantReference": str(PAYMENT_ID),
        "pspReference": "PSP1",
        "amount": {"currency": "EUR", "value": 12990},
        **fields,
    }


def signed(one: dict[str, Any]) -> dict[str, Any]:
    """Sign an item; what it does not say counts as empty."""
    said = {name: value for name, value in one.items() if value is not None}
    signature = sign({"amount": {"value": "", "currency": ""}, **said}, KEY)
    return {**one, "additionalData": {**one.get("additionalData", {}), "hmacSignature": signature}}


def letter(*items: dict[str, Any], live: Any = "false") -> bytes:
    wrapped = [{"NotificationRequestItem": one} for one in items]
    return json.dumps({"live": live, "notificationItems": wrapped}).encode()


def read(one: dict[str, Any]) -> ProviderMessage:
    (message,) = postbox().read(letter(signed(one)), {})
    return message


class TestASignature:
    def test_is_the_one_that_adyen_gives_as_an_example(self) -> None:
        example = Item(
            event_code="AUTHORISATION",
            success="true",
            psp_reference="7914073381342284",
            merchant_account_code="TestMerchant",
            merchant_reference="TestPayment-1407325143704",
            amount=Amount(currency="EUR", value=1130),
        )
        assert signature_of(example, KEY) == "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("pspReference", "PSP2"),
            ("originalReference", "PSP0"),
            ("merchantAccountCode", "Shop2"),
            ("merchantReference", "other"),
            ("amount", {"currency": "EUR", "value": 1}),
            ("amount", {"currency": "USD", "value": 12990}),
            ("eventCode", "CAPTURE"),
            ("success", "false"),
        ],
    )
    def test_covers_what_counts(self, field: str, value: object) -> None:
        spoilt = {**signed(item()), field: value}
        with pytest.raises(MessageRefused):
            postbox().read(letter(spoilt), {})

    @pytest.mark.parametrize("more", [None, {}, {"hmacSignature": ""}, {"hmacSignature": 7}])
    def test_must_be_there(self, more: object) -> None:
        with pytest.raises(MessageRefused):
            postbox().read(letter({**item(), "additionalData": more}), {})

    def test_is_asked_of_every_item(self) -> None:
        good, other = signed(item()), signed(item(pspReference="PSP2"))
        assert len(postbox().read(letter(good, other), {})) == 2
        with pytest.raises(MessageRefused):
            postbox().read(letter(good, {**other, "success": "false"}), {})
        with pytest.raises(MessageRefused):
            postbox().read(letter(good, item(pspReference="PSP2")), {})

    def test_by_no_key_at_all_is_none(self) -> None:
        keyless = Postbox(merchant_account="Shop", hmac_key="", user="", password="", is_live=False)
        with pytest.raises(MessageRefused):
            keyless.read(
                letter({**item(), "additionalData": {"hmacSignature": sign(item(), "")}}), {}
            )

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(MessageRefused):
            postbox().read(letter(), {})


class TestTheEndpoint:
    @pytest.mark.parametrize(
        ("user", "password", "is_right"),
        [("adyen", "pass", True), ("adyen", "other", False), ("other", "pass", False)],
    )
    def test_asks_for_its_password(self, user: str, password: str, is_right: bool) -> None:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"authorization": f"Basic {pair}"}
        if is_right:
            assert postbox(user="adyen").read(letter(signed(item())), headers)
            return
        with pytest.raises(MessageRefused):
            postbox(user="adyen").read(letter(signed(item())), headers)

    def test_without_a_password_is_not_answered(self) -> None:
        with pytest.raises(MessageRefused):
            postbox(user="adyen").read(letter(signed(item())), {})

    @pytest.mark.parametrize(("live", "is_live"), [("true", True), ("false", False), (True, True)])
    def test_takes_messages_of_its_own_environment_only(self, live: object, is_live: bool) -> None:
        body = letter(signed(item()), live=live)
        assert postbox(is_live=is_live).read(body, {})
        with pytest.raises(MessageRefused):
            postbox(is_live=not is_live).read(body, {})


class TestAMessage:
    def test_names_payment_and_call(self) -> None:
        message = read(
            item(
                "CAPTURE",
                pspReference="MOD1",
                originalReference="PSP1",
                merchantReference=f"{PAYMENT_ID}-{OPERATION_ID}",
            )
        )
        assert message.event_id == "MOD1:CAPTURE:true"
        assert (message.kind, message.reference) == ("CAPTURE", "PSP1")
        assert message.payment_id == PAYMENT_ID
        assert message.facts == {
            "event": "CAPTURE",
            "success": True,
            "pspReference": "MOD1",
            "originalReference": "PSP1",
            "operation": str(OPERATION_ID),
            "value": 12990,
            "currency": "EUR",
        }

    def test_keeps_brand_and_last_digits_but_not_the_expiry(self) -> None:
        message = read(item(paymentMethod="mc", reason="033899:1111:03/2030"))
        assert message.facts["brand"] == "mastercard"
        assert message.facts["last4"] == "1111"
        assert "2030" not in json.dumps(message.facts)

    def test_keeps_no_more_of_the_additional_data(self) -> None:
        more = {"cardSummary": "4242", "cardHolderName": "Ada Lovelace", "expiryDate": "3/2030"}
        message = read(item(paymentMethod="visa_applepay", additionalData=more))
        assert (message.facts["brand"], message.facts["last4"]) == ("visa", "4242")
        assert "Ada" not in json.dumps(message.facts)
        assert "2030" not in json.dumps(message.facts)

    def test_keeps_the_reason_of_a_failure(self) -> None:
        message = read(item(success="false", reason="Not enough\0 balance"))
        assert message.facts["reason"] == "Not enough balance"
        assert message.facts["success"] is False

    @pytest.mark.parametrize(
        ("event", "fields", "is_setback"),
        [
            ("AUTHORISATION", {}, False),
            ("CAPTURE", {}, False),
            ("CAPTURE", {"success": "false"}, False),
            ("CAPTURE_FAILED", {}, True),
            ("REFUND", {}, False),
            ("REFUND_FAILED", {}, True),
            ("REFUNDED_REVERSED", {}, True),
            ("EXPIRE", {}, True),
            ("CANCELLATION", {}, True),
            ("CANCELLATION", {"success": "false"}, False),
            ("TECHNICAL_CANCEL", {}, True),
            ("CANCEL_OR_REFUND", {"additionalData": {"modification.action": "cancel"}}, True),
            ("CANCEL_OR_REFUND", {"additionalData": {"modification.action": "refund"}}, False),
            ("CHARGEBACK", {}, False),
            ("NOTIFICATION_OF_CHARGEBACK", {}, False),
        ],
    )
    def test_says_whether_something_may_not_have_lasted(
        self, event: str, fields: dict[str, Any], is_setback: bool
    ) -> None:
        assert read(item(event, originalReference="PSP1", **fields)).is_setback is is_setback

    def test_of_a_report_is_about_no_payment(self) -> None:
        name = "settlement_detail_report_batch_1.csv"
        message = read(
            item("REPORT_AVAILABLE", pspReference=name, merchantReference="", reason="https://x")
        )
        assert (message.payment_id, message.reference) == (None, "")
        assert message.facts["reason"] == "https://x"

    def test_of_another_shop_of_the_company_is_about_no_payment_of_ours(self) -> None:
        message = read(item(merchantAccountCode="OtherShop"))
        assert (message.payment_id, message.reference, message.facts) == (None, "", {})

    @pytest.mark.parametrize("reference", ["", "TestPayment-1", "x" * 80, f"{PAYMENT_ID}"[:-1]])
    def test_with_a_reference_that_is_not_ours_names_no_payment(self, reference: str) -> None:
        assert read(item(merchantReference=reference)).payment_id is None


class TestADispute:
    @pytest.mark.parametrize(
        ("event", "state"),
        [
            ("NOTIFICATION_OF_CHARGEBACK", "opened"),
            ("CHARGEBACK", "opened"),
            ("CHARGEBACK_REVERSED", "won"),
            ("SECOND_CHARGEBACK", "lost"),
        ],
    )
    def test_is_read_with_its_amount(self, event: str, state: str) -> None:
        dispute = read(item(event, originalReference="PSP0", reason="Fraud")).dispute
        assert dispute is not None
        assert (dispute.state, dispute.reference) == (state, "PSP1")
        assert (dispute.amount_minor, dispute.reason) == (12990, "Fraud")

    def test_counts_as_adyen_does(self) -> None:
        amount = {"currency": "ISK", "value": 129900}
        dispute = read(item("CHARGEBACK", amount=amount)).dispute
        assert dispute is not None
        assert dispute.amount_minor == 1299

    @pytest.mark.parametrize(
        ("amount", "currency"), [({"currency": "XXX", "value": 12990}, "XXX"), (None, "")]
    )
    def test_in_no_currency_that_is_known_is_over_nothing(
        self, amount: dict[str, Any] | None, currency: str
    ) -> None:
        dispute = read(item("CHARGEBACK", amount=amount)).dispute
        assert dispute is not None
        assert (dispute.amount_minor, dispute.currency) == (0, currency)

    def test_without_any_amount_is_over_nothing(self) -> None:
        told = item("CHARGEBACK")
        del told["amount"]
        message = read(told)
        assert message.dispute is not None
        assert (message.dispute.amount_minor, message.dispute.currency) == (0, "")
        assert "value" not in message.facts

    def test_is_not_what_any_other_message_tells(self) -> None:
        assert read(item("CAPTURE")).dispute is None


class TestAGap:
    @pytest.mark.parametrize(
        "name", ["originalReference", "merchantReference", "amount", "paymentMethod", "reason"]
    )
    @pytest.mark.parametrize("event", ["AUTHORISATION", "CAPTURE", "CHARGEBACK", "REFUND"])
    def test_is_passed_over(self, event: str, name: str) -> None:
        message = read(item(event, **{name: None}))
        assert (message.event_id, message.kind) == (f"PSP1:{event}:true", event)

    def test_in_a_dispute_leaves_the_rest(self) -> None:
        dispute = read(item("CHARGEBACK", reason=None, merchantReference=None)).dispute
        assert dispute is not None
        assert (dispute.amount_minor, dispute.reason) == (12990, "")

    def test_where_the_merchant_is_named_makes_it_none_of_ours(self) -> None:
        message = read(item(merchantAccountCode=None))
        assert (message.payment_id, message.facts) == (None, {})

    @pytest.mark.parametrize("odd", [7, [], {"a": "b"}])
    @pytest.mark.parametrize("name", ["reason", "paymentMethod"])
    def test_is_what_is_no_text_too(self, name: str, odd: Any) -> None:
        message = read(item(**{name: odd}))
        assert {"reason", "brand"} & message.facts.keys() == set()


class TestARefund:
    @pytest.mark.parametrize("amount", [{"currency": "XXX", "value": 12990}, None])
    def test_in_no_currency_that_is_known_is_left_to_the_reports(
        self, amount: dict[str, Any] | None
    ) -> None:
        message = read(item("REFUND", amount=amount))
        assert (message.refund, message.payment_id) == (None, PAYMENT_ID)
