from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0020_disputed_currency'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='providermessagerecord',
            options={'permissions': [('settle_providermessagerecord', 'Can say that an announced report will not come')], 'verbose_name': 'provider message'},
        ),
        migrations.AddField(
            model_name='providermessagerecord',
            name='given_up_at',
            field=models.DateTimeField(null=True),
        ),
    ]
