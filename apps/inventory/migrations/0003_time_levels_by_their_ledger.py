from django.db import migrations

# What was reported has a message id, so the ledger's partial index leads to it. Times that no
# clock has shown would keep a level from ever being counted again.
TIMES = """
UPDATE inventory_stocklevel level
SET moved_at = newest.moved_at,
    counted_at = CASE WHEN level.counted_at BETWEEN '1970-01-01Z' AND now() + interval '5 minutes'
                      THEN level.counted_at END
FROM inventory_stocklevel same LEFT JOIN (
    SELECT sku, warehouse_id, max(occurred_at) AS moved_at
    FROM inventory_stockmovement
    WHERE NOT (message_id = '') AND kind IN ('receipt', 'adjustment', 'return')
      AND occurred_at BETWEEN '1970-01-01Z' AND now() + interval '5 minutes'
    GROUP BY sku, warehouse_id
) newest ON newest.sku = same.sku AND newest.warehouse_id = same.warehouse_id
WHERE same.id = level.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0002_remember_movements'),
    ]

    operations = [
        migrations.RunSQL(TIMES, migrations.RunSQL.noop),
    ]
