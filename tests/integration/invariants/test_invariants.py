"""Every invariant holds in a healthy shop, and is seen to fail when it is broken by hand."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.db import InternalError, connection
from django.utils import timezone

from config.invariants import Finding, Invariant, Scope, check_invariants, list_invariants
from tests.integration.invariants.conftest import Shop
from tests.integration.invariants.plants import PLANTS, Plant

SETTLED = Scope(is_settled=True)


def check(name: str, scope: Scope = SETTLED) -> Finding:
    (finding,) = check_invariants(
        [one for one in list_invariants() if one.name == name], scope=scope
    )
    return finding


def break_by_hand(statements: Iterable[str], shop: Shop) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, shop.ids)


def asking(sql: str, *, needs: tuple[str, ...] = ()) -> Invariant:
    return Invariant(name="made_up", means="", remedy="", sql=sql, needs=needs)


class TestHealthyShop:
    def test_breaks_no_invariant_even_when_settled(self, shop: Shop) -> None:
        findings = check_invariants(list_invariants(), scope=SETTLED)
        assert [
            (one.invariant.name, one.rows, one.problem) for one in findings if not one.holds
        ] == []
        assert not any(finding.is_skipped for finding in findings)

    def test_is_asked_less_while_it_is_busy(self, shop: Shop) -> None:
        busy = {one.invariant.name for one in check_invariants(list_invariants(), scope=Scope())}
        settled = {one.name for one in list_invariants()}
        assert settled - busy == {
            "nothing_waits_for_delivery",
            "every_order_is_final_or_waits_by_rule",
            "no_payment_operation_is_under_way",
            "no_message_is_due",
        }


class TestEachInvariant:
    def test_has_been_broken_at_least_once(self) -> None:
        assert {plant.invariant for plant in PLANTS} == {one.name for one in list_invariants()}

    @pytest.mark.parametrize("plant", PLANTS, ids=lambda one: f"{one.invariant}: {one.how}")
    def test_names_what_breaks_it(self, shop: Shop, plant: Plant) -> None:
        break_by_hand(plant.statements, shop)
        finding = check(plant.invariant)
        expected = {
            name: shop.ids[value[1:]] if isinstance(value, str) and value[:1] == "=" else value
            for name, value in plant.row.items()
        }
        assert finding.count == 1
        assert {name: finding.rows[0][name] for name in expected} == expected
        assert not finding.holds


class TestWhatIsOnItsWay:
    DELIVERY = (
        "INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key) "
        "VALUES ('inventory.reservations', 0, 1, now(), %(confirmed)s)",
    )

    def test_is_not_yet_expected_of_the_other_context(self, shop: Shop) -> None:
        break_by_hand(
            (
                "UPDATE inventory_reservation SET status = 'held' WHERE order_id = %(confirmed)s",
                *self.DELIVERY,
            ),
            shop,
        )
        assert check("a_confirmed_order_has_its_stock").holds

    def test_explains_why_an_order_stands_still(self, shop: Shop) -> None:
        break_by_hand(
            (
                "UPDATE orders_order SET status = 'created', updated_at = now() - interval '1 day' "
                "WHERE id = %(confirmed)s",
                "UPDATE orders_order SET updated_at = now() - interval '1 day' "
                "WHERE id = %(waiting)s",
                *self.DELIVERY,
            ),
            shop,
        )
        assert check("no_order_is_stuck").holds


class TestMoneyThatIsTriedAgain:
    """Refunds that failed, by the provider's word or after the order's end."""

    OWED = "UPDATE payments_payment SET status = 'captured', refunded_minor = 0"
    OF_REFUNDED = "WHERE order_id = %(refunded)s"
    PENDING = (
        "UPDATE orders_order SET status = 'cancellation_pending', owes_stock = false, "
        "updated_at = now() - interval '1 day' WHERE id = %(refunded)s"
    )

    @pytest.mark.parametrize("due", ["now() + interval '1 day'", "now() - interval '1 min'"])
    def test_is_with_nobody_for_good(self, shop: Shop, due: str) -> None:
        break_by_hand((f"{self.OWED}, undo_at = {due} {self.OF_REFUNDED}",), shop)
        assert check("a_cancelled_order_keeps_no_money").holds

        break_by_hand((self.PENDING,), shop)
        assert check("no_order_is_stuck").holds

    def test_is_on_its_way_while_a_call_is_open(self, shop: Shop) -> None:
        break_by_hand(
            (
                f"{self.OWED}, undo_at = NULL {self.OF_REFUNDED}",
                "UPDATE payments_paymentoperation SET state = 'waiting' WHERE kind = 'refund' "
                f"AND payment_id = (SELECT id FROM payments_payment {self.OF_REFUNDED})",
            ),
            shop,
        )
        assert check("a_cancelled_order_keeps_no_money").holds

    def test_does_not_excuse_an_order_whose_stock_is_not_released(self, shop: Shop) -> None:
        break_by_hand(
            (
                f"{self.OWED}, undo_at = now() + interval '1 day' {self.OF_REFUNDED}",
                self.PENDING,
                "UPDATE orders_order SET owes_stock = true WHERE id = %(refunded)s",
            ),
            shop,
        )
        assert check("no_order_is_stuck").count == 1


class TestScope:
    def test_leaves_out_what_is_older(self, shop: Shop) -> None:
        break_by_hand(
            (
                "UPDATE orders_order SET items_minor = 0, total_minor = 490 WHERE id = %(confirmed)s",
            ),
            shop,
        )
        now = timezone.now()
        hour = timedelta(hours=1)
        assert check("order_items_add_up", Scope(since=now - hour)).count == 1
        assert check("order_items_add_up", Scope(since=now + hour)).count == 0

    def test_sums_the_whole_past_of_what_moved_since(self, shop: Shop) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE inventory_stockmovement SET id = '01800000-0000-7000-8000-000000000001' "
                "WHERE sku = 'SKU-A' AND kind = 'adjustment'"
            )
        recent = Scope(since=timezone.now() - timedelta(hours=1))
        assert check("the_ledger_adds_up_to_the_level", recent).holds

    def test_finds_a_gap_in_an_aggregate_that_began_before(self, shop: Shop) -> None:
        break_by_hand(
            (
                "DELETE FROM outbox_event WHERE aggregate_id = %(confirmed)s AND seq = 2",
                "UPDATE outbox_event SET occurred_at = now() - interval '2 hours' "
                "WHERE aggregate_id = %(confirmed)s AND seq = 1",
            ),
            shop,
        )
        recent = Scope(since=timezone.now() - timedelta(hours=1))
        finding = check("events_of_an_aggregate_have_no_gap", recent)
        assert [(row["aggregate_id"], row["first"]) for row in finding.rows] == [
            (shop.confirmed, 1)
        ]

    def test_names_twenty_rows_and_counts_all(self, db: None) -> None:
        (finding,) = check_invariants(
            [asking("SELECT n FROM generate_series(1, 1000) n ORDER BY n")], scope=Scope()
        )
        assert finding.count == 1000
        assert [row["n"] for row in finding.rows] == list(range(1, 21))

    def test_gives_a_slow_question_up_and_does_not_call_it_true(self, db: None) -> None:
        slow, quick = check_invariants(
            [asking("SELECT pg_sleep(60)"), asking("SELECT 1 WHERE false")],
            scope=Scope(time_limit_seconds=1.5),
        )
        assert not slow.holds
        assert slow.problem == "no answer within 1.5 s; bound it with --since"
        assert slow.seconds < 30
        assert quick.holds

    def test_takes_the_shortest_limit_for_one(self, db: None) -> None:
        (slow,) = check_invariants(
            [asking("SELECT pg_sleep(60)")], scope=Scope(time_limit_seconds=1e-9)
        )
        assert not slow.holds

    def test_skips_what_has_no_table(self, db: None) -> None:
        (finding,) = check_invariants(
            [asking("SELECT * FROM nowhere", needs=("nowhere",))], scope=Scope()
        )
        assert finding.is_skipped
        assert finding.holds

    def test_cannot_change_anything(self, db: None) -> None:
        with pytest.raises(InternalError, match="read-only transaction"):
            check_invariants([asking("SELECT nextval('orders_number_seq')")], scope=Scope())
