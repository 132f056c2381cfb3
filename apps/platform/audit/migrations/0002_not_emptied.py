"""The audit log cannot be emptied either; what is older than a year is still deleted row by row.

A database of tests is emptied by a session that plays a replica, for which triggers do not fire; that is the
superuser's alone.
"""

from django.db import migrations

_NOT_EMPTIED = """
CREATE FUNCTION audit_entry_is_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry: TRUNCATE refused, entries stay as written'
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_not_emptied();
"""
_EMPTIED = """
DROP TRIGGER audit_entry_is_not_emptied ON audit_entry;
DROP FUNCTION audit_entry_is_not_emptied();
"""


class Migration(migrations.Migration):
    """Close the last way out."""

    dependencies = [("platform_audit", "0001_audit_entry")]

    operations = [migrations.RunSQL(_NOT_EMPTIED, _EMPTIED)]
