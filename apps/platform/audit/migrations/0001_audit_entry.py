"""The audit log, and the trigger that keeps even SQL from rewriting it."""

from django.db import migrations, models

import apps.kernel.identifiers

# A year is how long the log has to be kept. TRUNCATE is left to privileges: a trigger on it would
# also stop test databases from being emptied.
_FORBID_CHANGES = """
CREATE FUNCTION audit_entry_stays_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '1 year' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_entry %: % refused, entries stay as written', OLD.id, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entry_stays_as_written BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_stays_as_written();
"""
_ALLOW_CHANGES = """
DROP TRIGGER audit_entry_stays_as_written ON audit_entry;
DROP FUNCTION audit_entry_stays_as_written();
"""


class Migration(migrations.Migration):
    """Make the table, then close it."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.kernel.identifiers.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=120)),
                ("action", models.CharField(max_length=80)),
                ("subject_type", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=64)),
                ("reason", models.TextField(blank=True)),
                ("changes", models.JSONField(blank=True, default=dict)),
                ("correlation_id", models.UUIDField(blank=True, null=True)),
                ("ip", models.GenericIPAddressField(blank=True, null=True)),
            ],
            options={
                "db_table": "audit_entry",
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(
                        fields=["subject_type", "subject_id", "at"],
                        name="audit_entry_by_subject",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(actor="") & ~models.Q(action=""),
                        name="audit_entry_names_actor_and_action",
                    )
                ],
            },
        ),
        migrations.RunSQL(sql=_FORBID_CHANGES, reverse_sql=_ALLOW_CHANGES),
    ]
