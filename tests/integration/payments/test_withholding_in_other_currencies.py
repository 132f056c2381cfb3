"""What a release does with disputes in other currencies that an earlier one has written down."""

from datetime import datetime
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from apps.payments.models import Dispute, LedgerEntry, Payment
from config.invariants import Scope, check_invariants, list_invariants
from tests.integration.payments.story import captured

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stripe_in_use")]

MIGRATION = "apps.payments.migrations.0028_withhold_in_other_currencies"
AGREES = "a_payment_agrees_with_its_disputes"
Rows = list[tuple[str, str, int]]
"""State, currency and amount of disputes."""


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def written(payment: Payment, rows: Rows, now: datetime, *, disputed: int, lost: int = 0) -> None:
    """Store disputes, and what an earlier release withheld and counted as lost for them."""
    for nth, (state, currency, amount) in enumerate(rows):
        Dispute.objects.create(
            payment=payment,
            provider="stripe",
            reference=f"du_{payment.id}_{nth}",
            amount_minor=amount,
            currency=currency,
            reason="fraudulent",
            state=state,
            opened_at=now,
            decided_at=None if state == "opened" else now,
        )
    Payment.objects.filter(id=payment.id).update(disputed_minor=disputed, lost_minor=lost)


def migrate() -> None:
    with connection.schema_editor() as editor:
        for operation in import_module(MIGRATION).Migration.operations:
            operation.database_forwards("payments", editor, None, None)


def withheld(payment: Payment) -> tuple[int, int]:
    found = Payment.objects.get(id=payment.id)
    return found.disputed_minor, found.lost_minor


def agrees() -> bool:
    wanted = [one for one in list_invariants() if one.name == AGREES]
    [found] = check_invariants(wanted, scope=Scope(is_settled=True))
    return found.holds


class TestTheMigration:
    @pytest.mark.parametrize(
        ("rows", "before", "after"),
        [
            # Heard of while the charge was in doubt: nothing counted as charged.
            ([("opened", "USD", 120)], (0, 0), (100, 0)),
            ([("opened", "USD", 120)], (60, 0), (100, 0)),
            # Nothing was withheld of what was lost.
            ([("lost", "USD", 120)], (0, 0), (100, 0)),
            ([("lost", "USD", 120), ("lost", "EUR", 30)], (0, 0), (100, 30)),
            ([("lost", "USD", 120), ("opened", "", 30)], (30, 0), (130, 0)),
            ([("won", "EUR", 30), ("opened", "USD", 9), ("opened", "USD", 9)], (0, 0), (200, 0)),
        ],
    )
    def test_withholds_all_of_the_payment(
        self, rows: Rows, before: tuple[int, int], after: tuple[int, int], now: datetime
    ) -> None:
        payment = captured(now)
        written(payment, rows, now, disputed=before[0], lost=before[1])
        entries = LedgerEntry.objects.count()
        assert not agrees()
        for _ in range(2):
            migrate()
            assert withheld(payment) == after
        assert agrees()
        assert LedgerEntry.objects.count() == entries

    @pytest.mark.parametrize(
        ("rows", "kept"),
        [
            ([("won", "USD", 120)], (0, 0)),
            ([("opened", "EUR", 40), ("won", "USD", 120)], (40, 0)),
            ([("lost", "", 40)], (0, 40)),
            # Of an order that was called off, a person settled what was lost then.
            ([("lost", "EUR", 40)], (0, 0)),
            ([], (0, 0)),
        ],
    )
    def test_leaves_every_other_alone(
        self, rows: Rows, kept: tuple[int, int], now: datetime
    ) -> None:
        payment = captured(now)
        written(payment, rows, now, disputed=kept[0], lost=kept[1])
        migrate()
        assert withheld(payment) == kept
