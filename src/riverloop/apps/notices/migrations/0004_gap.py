from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0003_form"),
    ]

    operations = [
        migrations.CreateModel(
            name="Gap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner_side", models.CharField(db_index=True, max_length=8)),
                ("from_side", models.CharField(max_length=8)),
                ("to_side", models.CharField(max_length=8)),
                ("first", models.PositiveBigIntegerField()),
                ("following", models.PositiveBigIntegerField()),
                ("found_at", models.DateTimeField()),
                ("agreed_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="gap",
            constraint=models.UniqueConstraint(fields=("owner_side", "from_side", "first"), name="notices_gap_once"),
        ),
    ]
