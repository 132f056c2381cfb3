"""The ways of an order from state to state: those that there are, and none beside them."""

import pytest
from django_fsm import TransitionNotAllowed

from apps.orders.domain.statuses import CancelReason, OrderStatus
from apps.orders.models import Order

WAYS = {
    "await_payment": {"created": "payment_pending"},
    "accept_payment": {"payment_pending": "payment_authorized"},
    "confirm": {"payment_authorized": "confirmed"},
    "process": {"confirmed": "processing"},
    "ship": {"processing": "shipped"},
    "deliver": {"shipped": "delivered"},
    "complete": {"delivered": "completed"},
    "request_cancellation": {
        "created": "cancellation_pending",
        "payment_pending": "cancellation_pending",
        "payment_authorized": "cancellation_pending",
        "confirmed": "cancellation_pending",
        # By customer service, while no parcel has been handed over.
        "processing": "cancellation_pending",
    },
    "cancel": {
        # Where there is nothing to compensate.
        "created": "cancelled",
        "payment_pending": "cancelled",
        "cancellation_pending": "cancelled",
    },
}


def order(status: str, **values: object) -> Order:
    return Order(status=status, **values)


def go(one: Order, way: str) -> None:
    """Take a way, with the least that it has to be told."""
    told: dict[str, object] = {}
    if way in ("cancel", "request_cancellation"):
        told = {"reason": CancelReason.CUSTOMER_REQUEST, "detail": "", "short_skus": []}
    if way == "request_cancellation":
        told |= {"owes_stock": True, "owes_payment": True}
    getattr(one, way)(**told)


class TestAnOrder:
    @pytest.mark.parametrize("status", OrderStatus)
    @pytest.mark.parametrize("way", WAYS)
    def test_goes_from_state_to_state_as_agreed_and_else_stays(self, way: str, status: str) -> None:
        one = order(status)
        if status in WAYS[way]:
            go(one, way)
            assert one.status == WAYS[way][status]
            return
        with pytest.raises(TransitionNotAllowed):
            go(one, way)
        assert one.status == status

    def test_has_no_other_way(self) -> None:
        ways = {one.name for one in Order._meta.get_field("status").get_all_transitions(Order)}
        assert ways == WAYS.keys()

    def test_cannot_be_put_into_a_state(self) -> None:
        with pytest.raises(AttributeError):
            order("created").status = "confirmed"

    @pytest.mark.parametrize(
        ("status", "is_cancellable", "is_being_cancelled"),
        [
            ("created", True, False),
            ("payment_pending", True, False),
            ("payment_authorized", True, False),
            ("confirmed", True, False),
            ("processing", False, False),
            ("shipped", False, False),
            ("delivered", False, False),
            ("completed", False, False),
            ("cancellation_pending", False, True),
            ("cancelled", False, True),
        ],
    )
    def test_may_be_called_off_by_its_customer_until_it_is_worked_on(
        self, status: str, is_cancellable: bool, is_being_cancelled: bool
    ) -> None:
        one = order(status)
        assert (one.is_cancellable, one.is_being_cancelled) == (is_cancellable, is_being_cancelled)

    def test_that_is_called_off_keeps_why_and_what_it_waits_for(self) -> None:
        one = order("payment_pending", payment_action_url="https://bank.example/approve")
        one.request_cancellation(
            reason=CancelReason.OUT_OF_STOCK,
            detail="SKU-1 is gone",
            short_skus=("SKU-1",),
            owes_stock=False,
            owes_payment=True,
            code="expired",
        )
        assert (one.cancel_reason, one.cancel_detail, one.cancel_code) == (
            "out_of_stock",
            "SKU-1 is gone",
            "expired",
        )
        assert (one.short_skus, one.owes_stock, one.owes_payment) == (["SKU-1"], False, True)
        assert one.payment_action_url == "", "nobody is to approve it any more"

    def test_that_is_paid_sends_nobody_to_a_bank(self) -> None:
        one = order("payment_pending", payment_action_url="https://bank.example/approve")
        one.accept_payment()
        assert (one.payment_status, one.payment_action_url) == ("authorized", "")
