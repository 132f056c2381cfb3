"""What is only added to cannot be emptied either, and calls to providers cannot be deleted.

A database of tests is emptied by a session that plays a replica, for which triggers do not fire; that is the
superuser's alone.

Each table is locked by itself: workers write to several of them in one transaction, and not in our order. Begun
again after it broke off, it does what is left.
"""

from django.db import migrations

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION payments_are_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: TRUNCATE refused, its rows stay', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE OR REPLACE FUNCTION payment_operation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operation % of payment %: DELETE refused, operations stay', OLD.id, OLD.payment_id
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
_NO_FUNCTIONS = "DROP FUNCTION payments_are_not_emptied(); DROP FUNCTION payment_operation_stays();"


def _not_emptied(table: str) -> migrations.RunSQL:
    name = f"{table}_is_not_emptied"
    return migrations.RunSQL(
        f"CREATE OR REPLACE TRIGGER {name} BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION payments_are_not_emptied()",
        f"DROP TRIGGER {name} ON {table}",
    )


# Its state changes as the call goes on, so only deleting is refused.
_NOT_DELETED = migrations.RunSQL(
    "CREATE OR REPLACE TRIGGER payment_operation_stays BEFORE DELETE ON payments_paymentoperation "
    "FOR EACH ROW EXECUTE FUNCTION payment_operation_stays()",
    "DROP TRIGGER payment_operation_stays ON payments_paymentoperation",
)


class Migration(migrations.Migration):
    """Close both ways out."""

    atomic = False

    dependencies = [
        ("payments", "0034_fee_differences"),
    ]

    operations = [
        migrations.RunSQL(_FUNCTIONS, _NO_FUNCTIONS),
        _not_emptied("payments_ledgerentry"),
        _not_emptied("payments_document"),
        _not_emptied("payments_paymentstep"),
        _not_emptied("payments_paymentoperation"),
        _NOT_DELETED,
    ]
