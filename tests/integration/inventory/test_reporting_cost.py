"""What taking in a warehouse's report costs: as many statements for many rows as for one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.inventory.models import StockMovement
from apps.inventory.services.stock_rows import STOCK_LOCK
from tests.integration.api.conftest import Caller
from tests.integration.inventory.reports import Warehouse, movement
from tests.integration.shop import stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def warehouse(service: Caller) -> Warehouse:
    stock({"SKU-A": {"BER": 10}})
    return Warehouse(service)


class TestTheCost:
    def test_does_not_grow_with_the_rows(self, warehouse: Warehouse) -> None:
        counts = []
        for number in (1, 200):
            with CaptureQueriesContext(connection) as queries:
                warehouse.report(*[movement(1) for _ in range(number)])
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_of_looking_for_repeats_is_an_index_also_for_many_rows(
        self, warehouse: Warehouse
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            warehouse.report(*[movement(1) for _ in range(150)])
        (look,) = (
            query["sql"]
            for query in queries
            if query["sql"].startswith("SELECT")
            and 'FROM "inventory_stockmovement"' in query["sql"]
        )
        with connection.cursor() as cursor:
            columns = [str(field.column) for field in StockMovement._meta.concrete_fields]
            made = {"id": "gen_random_uuid()", "message_id": "gen_random_uuid()::text"}
            cursor.execute(
                f"INSERT INTO inventory_stockmovement ({', '.join(columns)}) "
                f"SELECT {', '.join(made.get(column, column) for column in columns)} "
                "FROM inventory_stockmovement, generate_series(1, 100)"
            )
            cursor.execute("ANALYZE inventory_stockmovement")
            cursor.execute("SET enable_seqscan = off")
            cursor.execute(f"EXPLAIN {look}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            cursor.execute("RESET enable_seqscan")
        assert "a_warehouse_message_moves_stock_once" in plan, plan

    def test_asks_nothing_of_others_while_stock_is_held(self, warehouse: Warehouse) -> None:
        with CaptureQueriesContext(connection) as queries:
            warehouse.report(movement(1))
        statements = [query["sql"] for query in queries]
        held = next(number for number, sql in enumerate(statements) if f"lock({STOCK_LOCK})" in sql)
        asked = [
            number
            for number, sql in enumerate(statements)
            if 'FROM "inventory_warehouse"' in sql or 'FROM "inventory_product"' in sql
        ]
        assert len(asked) == 2
        assert max(asked) < held
