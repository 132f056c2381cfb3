from django.db import migrations

# Row by row, so that a test database can still be emptied.
_ONLY_ADD = """
CREATE FUNCTION payment_step_stays_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'step % of payment %: % refused, steps are only added', OLD.position, OLD.payment_id, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER payment_step_stays_as_written BEFORE UPDATE OR DELETE ON payments_paymentstep
    FOR EACH ROW EXECUTE FUNCTION payment_step_stays_as_written();
"""
_CHANGE = """
DROP TRIGGER payment_step_stays_as_written ON payments_paymentstep;
DROP FUNCTION payment_step_stays_as_written();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0028_withhold_in_other_currencies'),
    ]

    operations = [
        migrations.RunSQL(_ONLY_ADD, _CHANGE),
    ]
