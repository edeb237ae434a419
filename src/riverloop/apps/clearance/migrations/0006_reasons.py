from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clearance", "0005_whose"),
    ]

    operations = [
        migrations.AddField(
            model_name="statement",
            name="reason",
            field=models.TextField(blank=True),
        ),
    ]
