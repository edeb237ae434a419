from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("record", "0004_subjects"),
    ]

    operations = [
        migrations.AddField(
            model_name="logstate",
            name="mirrored_root",
            field=models.BinaryField(default=b""),
        ),
    ]
