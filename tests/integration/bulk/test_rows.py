"""Rows that travel as one document arrive as they left, whatever is in them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, models, transaction

from apps.inventory.models import StockLevel, Warehouse
from apps.kernel.identifiers import CustomerId, OrderId, new_id
from apps.notifications.models import KnownOrder
from apps.orders.models import ListedProduct
from apps.payments.models import LedgerEntry, Payment, PaymentStep
from apps.platform.bulk import (
    insert_missing,
    insert_together,
    list_known,
    literal,
    lock_many,
    new_row,
    update_many,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
AWKWARD = ['A"quote', "A,comma", "A{brace}", "A\\slash", "Ä😀", "NULL", " padded ", ""]


def payment(**changes: Any) -> Payment:
    return Payment(
        **{
            "order_id": uuid.uuid4(),
            "order_number": "51YX-PKG9-A",
            "customer_id": uuid.uuid4(),
            "amount_minor": 2**40,
            "currency": "EUR",
            "provider": "sandbox",
            "method_type": "card",
            "method_token": 'tok_"quoted", {odd}\\',
            "created_at": AT,
            "updated_at": AT,
            **changes,
        }
    )


def values_of(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in type(row)._meta.concrete_fields}


class TestUpdatingAndInserting:
    def test_is_one_statement(self, django_assert_num_queries: Any) -> None:
        given = [payment(), payment()]
        insert_together(given)
        product = ListedProduct(sku="A", name="a")
        with django_assert_num_queries(1):
            for one in given:
                one.currency = "USD"
            update_many(given, fields=["currency"], inserting=[product])
        assert set(Payment.objects.values_list("currency", flat=True)) == {"USD"}
        assert values_of(ListedProduct.objects.get()) == values_of(product)

    def test_inserts_also_where_there_is_nothing_to_update(self) -> None:
        update_many([], fields=["currency"], inserting=[ListedProduct(sku="A", name="a")])
        assert ListedProduct.objects.count() == 1


class TestInserting:
    def test_stores_what_the_orm_would_read_back(self) -> None:
        given = [payment(action_expires_at=AT), payment(is_unwanted=True)]
        insert_together(given)
        for one in given:
            assert values_of(Payment.objects.get(id=one.id)) == values_of(one)

    def test_keeps_documents_and_awkward_text(self) -> None:
        product = ListedProduct(sku=AWKWARD[0], name="\n".join(AWKWARD), prices_minor={"EUR": 1})
        order = KnownOrder(
            order_id=OrderId(uuid.uuid4()),
            number="X",
            customer_id=CustomerId(uuid.uuid4()),
            currency="EUR",
            total_minor=1,
            items=[{"sku": sku, "name": None} for sku in AWKWARD],
        )
        insert_together([product], [order])
        assert ListedProduct.objects.get(sku=AWKWARD[0]).name == "\n".join(AWKWARD)
        assert KnownOrder.objects.get(order_id=order.order_id).items == order.items

    def test_stores_all_or_nothing(self) -> None:
        good, bad = payment(), payment(captured_minor=2**41)
        with pytest.raises(IntegrityError, match="never_captured_more"), transaction.atomic():
            insert_together([good, bad])
        assert not Payment.objects.exists()

    def test_cuts_nothing_off(self) -> None:
        with pytest.raises(DataError, match="too long"), transaction.atomic():
            insert_together([payment(currency="EURO")])
        assert not Payment.objects.exists()

    def test_leaves_those_that_are_known_as_they_are(self) -> None:
        first = payment()
        insert_missing([first])
        insert_missing([payment(order_id=first.order_id, amount_minor=1), payment()])
        assert Payment.objects.get(order_id=first.order_id).amount_minor == 2**40
        assert Payment.objects.count() == 2


class TestLocking:
    def test_gives_the_rows_that_the_orm_would_give_in_key_order(self) -> None:
        given = sorted((payment(id=new_id(AT + timedelta(days=day))) for day in range(3)),
                       key=lambda one: one.id)  # fmt: skip
        insert_together(list(reversed(given)))
        found = lock_many(Payment, [one.order_id for one in given], by="order_id")
        assert [values_of(one) for one in found] == [values_of(one) for one in given]
        assert found[0] == Payment.objects.get(id=given[0].id)

    def test_gives_rows_that_can_be_saved_and_deleted(self) -> None:
        insert_together([payment()])
        (row,) = lock_many(Payment, [Payment.objects.get().id])
        row.brand = "visa"
        row.save()
        assert Payment.objects.get().brand == "visa"
        row.delete()
        assert not Payment.objects.exists()

    def test_finds_awkward_values(self) -> None:
        warehouse = Warehouse.objects.create(code="W", name="W", priority=1)
        StockLevel.objects.bulk_create(
            StockLevel(sku=sku, warehouse=warehouse, on_hand=1, counted_at=AT) for sku in AWKWARD
        )
        found = lock_many(StockLevel, [AWKWARD[0], AWKWARD[3], "missing"], by="sku")
        assert {level.sku for level in found} == {AWKWARD[0], AWKWARD[3]}
        assert len(lock_many(StockLevel, AWKWARD, by="sku")) == len(AWKWARD)

    def test_asks_nothing_about_nothing(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert lock_many(Payment, []) == []
            update_many([], fields=["status"])
            insert_together([], [])

    def test_says_which_are_known(self) -> None:
        one = payment()
        insert_together([one])
        assert list_known(Payment, [one.order_id, uuid.uuid4()], by="order_id") == {one.order_id}


class TestUpdating:
    def test_writes_the_named_fields_and_no_others(self) -> None:
        one, other = payment(), payment()
        insert_together([one, other])
        one.brand, one.failure_detail, one.action_expires_at = "visa", 'No "money"', AT
        one.last4 = "4242"
        update_many([one], fields=["brand", "failure_detail", "action_expires_at"])
        stored = Payment.objects.get(id=one.id)
        assert (stored.brand, stored.failure_detail) == ("visa", 'No "money"')
        assert (stored.action_expires_at, stored.last4) == (AT, "")
        assert Payment.objects.get(id=other.id).brand == ""


class TestLiterals:
    def test_quotes_everything(self) -> None:
        assert literal([1, 'a"b', "c\\d"]) == '{"1","a\\"b","c\\\\d"}'
        assert literal([]) == "{}"


class TestNewRow:
    @pytest.mark.parametrize("model", [Payment, PaymentStep, LedgerEntry, KnownOrder])
    def test_has_the_defaults_of_its_model(self, model: type[models.Model]) -> None:
        def fixed(row: models.Model) -> dict[str, Any]:
            return {
                field.attname: row.__dict__[field.attname]
                for field in model._meta.concrete_fields
                if field.column and not callable(field.default)
            }

        assert fixed(new_row(model)) == fixed(model())

    def test_is_stored_like_any_other(self) -> None:
        given = {
            field.attname: getattr(payment(), field.attname)
            for field in Payment._meta.concrete_fields
        }
        insert_together([new_row(Payment, **given)])
        assert values_of(Payment.objects.get(id=given["id"])) == given

    def test_makes_a_default_anew_for_each(self) -> None:
        assert new_row(Payment).id != new_row(Payment).id

    def test_refuses_a_column_that_there_is_not(self) -> None:
        with pytest.raises(TypeError, match="no amount, colour"):
            new_row(Payment, amount=1, colour="red")
