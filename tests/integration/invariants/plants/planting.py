"""What a plant is: statements that break an invariant by hand."""

from dataclasses import dataclass

NEVER = "99999999-9999-7999-8999-999999999999"
"""An id from the year 7231."""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """Statements that break an invariant, and what the row found is to say.

    A value `=name` stands for the id of that order of the shop.
    """

    invariant: str
    how: str
    statements: tuple[str, ...]
    row: dict[str, object]


def without(constraint: str) -> str:
    """Take a constraint away, from a partitioned table and its partitions too."""
    return f"""
        DO $$ DECLARE holder regclass; BEGIN
            FOR holder IN SELECT conrelid::regclass FROM pg_constraint
                          WHERE conname = '{constraint}' ORDER BY coninhcount LOOP
                EXECUTE format('ALTER TABLE %%s DROP CONSTRAINT IF EXISTS {constraint}', holder);
            END LOOP;
        END $$"""


def copy(table: str, where: str, **changes: str) -> tuple[str, ...]:
    """Store a row a second time with some columns changed to other expressions."""
    columns = ", ".join(f"{name} = {value}" for name, value in changes.items())
    return (
        f"CREATE TEMPORARY TABLE copied AS SELECT * FROM {table} WHERE {where}",
        f"UPDATE copied SET {columns}",
        f"INSERT INTO {table} SELECT * FROM copied",
    )


DELIVERY = "INSERT INTO outbox_delivery (subscriber, lane, event_id, occurred_at, key) VALUES "
OF_CONFIRMED = "payment_id = (SELECT id FROM payments_payment WHERE order_id = %(confirmed)s)"
OF_WAITING = "payment_id = (SELECT id FROM payments_payment WHERE order_id = %(waiting)s)"
