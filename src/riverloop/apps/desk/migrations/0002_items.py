from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="matter",
            name="desk_matter_open_once",
        ),
        migrations.AddField(
            model_name="matter",
            name="item",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="matter",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("closed_at", None), ("item", None), ("kind__in", ["referral", "refusal", "permit"])
                ),
                fields=("owner_side", "kind", "subject", "rule", "opened_for"),
                name="desk_matter_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="matter",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("closed_at", None), ("item__isnull", False), ("kind__in", ["referral", "refusal", "permit"])
                ),
                fields=("owner_side", "kind", "subject", "rule", "opened_for", "item"),
                name="desk_matter_open_once_an_item",
            ),
        ),
    ]
