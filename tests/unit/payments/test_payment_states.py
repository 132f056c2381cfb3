"""The ways of a payment from state to state: those that there are, and none beside them."""

from datetime import UTC, datetime

import pytest
from django_fsm import TransitionNotAllowed

from apps.payments.models import Payment, PaymentStatus

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOLD: dict[str, dict[str, object]] = {
    "require_action": {"url": "https://bank.example/approve", "expires_at": NOON},
    "authorize": {"reference": "auth_1", "brand": "visa", "last4": "4242"},
    "capture": {"amount_minor": 1000},
    "fail": {"code": "card_declined", "detail": "Your card was declined."},
}
"""What the ways have to be told that are told something."""
WAYS = {
    "require_action": {"pending": "requires_action"},
    "authorize": {"pending": "authorized", "requires_action": "authorized"},
    "fail": {"pending": "failed", "requires_action": "failed"},
    "capture": {"authorized": "captured"},
    "void": {"authorized": "voided"},
    "doubt_the_capture": {"captured": "authorized"},
    "refund_whole": {"captured": "refunded", "partially_refunded": "refunded"},
    "refund_part": {
        "captured": "partially_refunded",
        "partially_refunded": "partially_refunded",
    },
    "doubt_the_refund": {"partially_refunded": "captured", "refunded": "captured"},
    "doubt_a_refund": {
        "partially_refunded": "partially_refunded",
        "refunded": "partially_refunded",
    },
}


def payment(status: str, **amounts: int) -> Payment:
    return Payment(
        status=status, currency="EUR", **{"amount_minor": 1000, "captured_minor": 1000, **amounts}
    )


class TestAPayment:
    @pytest.mark.parametrize("status", PaymentStatus.values)
    @pytest.mark.parametrize("way", WAYS)
    def test_goes_from_state_to_state_as_agreed_and_else_stays(self, way: str, status: str) -> None:
        one = payment(status, refunded_minor=1000)
        if status in WAYS[way]:
            getattr(one, way)(**TOLD.get(way, {}))
            assert one.status == WAYS[way][status]
            return
        with pytest.raises(TransitionNotAllowed):
            getattr(one, way)(**TOLD.get(way, {}))
        assert one.status == status

    def test_has_no_other_way(self) -> None:
        field = Payment._meta.get_field("status")
        assert {one.name for one in field.get_all_transitions(Payment)} == WAYS.keys()

    def test_cannot_be_put_into_a_state(self) -> None:
        with pytest.raises(AttributeError):
            payment("authorized").status = "captured"

    @pytest.mark.parametrize("refunded", [0, 999])
    def test_is_not_refunded_while_a_cent_is_missing(self, refunded: int) -> None:
        one = payment("captured", refunded_minor=refunded)
        with pytest.raises(TransitionNotAllowed):
            one.refund_whole()
        assert one.status == "captured"

    def test_that_is_authorised_sends_nobody_to_a_bank(self) -> None:
        one = payment("pending", captured_minor=0)
        one.require_action(url="https://bank.example/approve", expires_at=NOON)
        assert (one.action_url, one.action_expires_at) == ("https://bank.example/approve", NOON)
        one.authorize(reference="auth_1", brand="visa", last4="4242")
        assert (one.authorization, one.brand, one.last4) == ("auth_1", "visa", "4242")
        assert one.action_url == ""

    def test_that_failed_keeps_why_and_sends_nobody_to_a_bank(self) -> None:
        one = payment("requires_action", captured_minor=0)
        one.action_url = "https://bank.example/approve"
        one.fail(code="c" * 65, detail="No.")
        assert (one.failure_code, one.failure_detail, one.action_url) == ("c" * 64, "No.", "")

    def test_whose_charge_is_in_doubt_has_charged_nothing(self) -> None:
        one = payment("authorized", captured_minor=0)
        one.capture(amount_minor=600)
        assert one.captured_minor == 600
        one.doubt_the_capture()
        assert one.captured_minor == 0

    @pytest.mark.parametrize(("told", "name"), [("auth_2", "auth_2"), ("", "auth_1")])
    def test_that_is_renewed_keeps_its_name_unless_it_has_a_new_one(
        self, told: str, name: str
    ) -> None:
        one = payment("authorized", captured_minor=0)
        one.authorization, one.is_ending_known = "auth_1", True
        one.renew(authorization=told, until=NOON)
        assert (one.authorization, one.authorized_until, one.is_ending_known) == (name, NOON, False)
