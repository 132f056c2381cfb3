"""Indexes for customer service: a customer is looked for by how the name or the email begins."""

from django.db import migrations

_FOUND_BY = {
    "customer_name_begins": "upper(name::text) text_pattern_ops",
    "customer_email_begins": "upper(email::text) text_pattern_ops",
    "customer_by_phone": "phone",
}


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"CREATE INDEX {name} ON customers_customer ({column})", f"DROP INDEX {name}"
        )
        for name, column in _FOUND_BY.items()
    ]
