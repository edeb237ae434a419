from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_places"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="form",
            field=models.PositiveSmallIntegerField(default=1),
        ),
    ]
