"""What is only added to cannot be emptied either, and calls to providers cannot be deleted.

A database of tests is emptied by a session that plays a replica, for which triggers do not fire; that is the
superuser's alone.
"""

from django.db import migrations

_ONLY_ADDED_TO = ("payments_ledgerentry", "payments_document", "payments_paymentstep")

_NOT_EMPTIED = """
CREATE FUNCTION payments_are_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: TRUNCATE refused, its rows stay', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
""" + "".join(
    f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION payments_are_not_emptied();\n"
    for table in (*_ONLY_ADDED_TO, "payments_paymentoperation")
)
_EMPTIED = "".join(
    f"DROP TRIGGER {table}_is_not_emptied ON {table};\n"
    for table in (*_ONLY_ADDED_TO, "payments_paymentoperation")
) + "DROP FUNCTION payments_are_not_emptied();"

# Its state changes as the call goes on, so only deleting is refused.
_NOT_DELETED = """
CREATE FUNCTION payment_operation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operation % of payment %: DELETE refused, operations stay', OLD.id, OLD.payment_id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER payment_operation_stays BEFORE DELETE ON payments_paymentoperation
    FOR EACH ROW EXECUTE FUNCTION payment_operation_stays();
"""
_DELETED = """
DROP TRIGGER payment_operation_stays ON payments_paymentoperation;
DROP FUNCTION payment_operation_stays();
"""


class Migration(migrations.Migration):
    """Close both ways out."""

    dependencies = [
        ('payments', "0032_fee_differences"),
    ]

    operations = [
        migrations.RunSQL(_NOT_EMPTIED, _EMPTIED),
        migrations.RunSQL(_NOT_DELETED, _DELETED),
    ]
