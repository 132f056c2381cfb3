from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0009_refunds_not_owed'),
    ]

    operations = [
        ValidateConstraint(model_name='orderrefund', name='refund_status_is_known'),
        ValidateConstraint(model_name='orderrefund', name='never_more_not_owed_than_asked_for'),
    ]
