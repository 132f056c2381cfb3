"""Of which calls a person may say how they ended, and from when on."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from apps.payments.domain.operations import OperationKind, OperationState
from apps.payments.models import Payment, PaymentOperation
from apps.payments.services.close_call import may_be_closed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG = timedelta(minutes=60)


@pytest.fixture(autouse=True)
def _an_hour(settings: Settings) -> None:
    settings.OMS_WAITING_CALL_MINUTES = 60


def call(kind: str = "capture", state: str = "waiting") -> PaymentOperation:
    return PaymentOperation(kind=kind, state=state, created_at=NOON)


def payment(status: str = "authorized", expires_at: datetime | None = None) -> Payment:
    return Payment(status=status, action_expires_at=expires_at)


class TestClosingACall:
    @pytest.mark.parametrize("state", OperationState)
    def test_is_for_what_waits_for_the_provider(self, state: OperationState) -> None:
        for is_done in (True, False):
            may = may_be_closed(call(state=state), payment(), NOON + LONG, is_done=is_done)
            assert may is (state == "waiting")

    @pytest.mark.parametrize(
        ("waited", "may"), [(LONG, True), (LONG - timedelta(seconds=1), False)]
    )
    def test_comes_after_a_long_wait(self, waited: timedelta, may: bool) -> None:
        assert may_be_closed(call(), payment(), NOON + waited, is_done=True) is may

    @pytest.mark.parametrize("kind", OperationKind)
    def test_cannot_say_that_something_was_authorised(self, kind: OperationKind) -> None:
        # What is charged and let go later needs the provider's name for it.
        may = may_be_closed(call(kind), payment("pending"), NOON + LONG, is_done=True)
        assert may is (kind not in ("authorize", "renew"))
        assert may_be_closed(call(kind), payment("pending"), NOON + LONG, is_done=False)

    @pytest.mark.parametrize(
        ("kind", "expires_at", "may"),
        [
            # It ends by itself once the customer's time is over.
            ("authorize", NOON + 2 * LONG, False),
            ("authorize", None, False),
            ("authorize", NOON + LONG, True),
            # The void that takes an offer back waits for the provider.
            ("void", NOON + 2 * LONG, True),
        ],
    )
    def test_leaves_to_customers_what_is_theirs_to_approve(
        self, kind: str, expires_at: datetime | None, may: bool
    ) -> None:
        waiting = payment("requires_action", expires_at)
        assert may_be_closed(call(kind), waiting, NOON + LONG, is_done=False) is may
