from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_KEPT = "id, owner_side, kind, subject, payload, salt, commitment, created_at"
_SQLITE = (
    "ALTER TABLE record_pendingrecord RENAME TO record_pendingrecord_before",
    "CREATE TABLE record_pendingrecord (id varchar(26) NOT NULL, owner_side varchar(8) NOT NULL, "
    "kind varchar(40) NOT NULL, subject varchar(26) NOT NULL, payload text NOT NULL, salt BLOB NOT NULL, "
    "commitment BLOB NOT NULL, created_at datetime NOT NULL)",
    f"INSERT INTO record_pendingrecord ({_KEPT}) SELECT {_KEPT} FROM record_pendingrecord_before ORDER BY rowid",  # noqa: S608 - names of our own columns
    "DROP TABLE record_pendingrecord_before",
)
_POSTGRESQL_INDEXES = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = 'record_pendingrecord'::regclass AND NOT indisprimary
"""
_POSTGRESQL = (
    "ALTER TABLE record_pendingrecord DROP CONSTRAINT record_pendingrecord_pkey",
    "ALTER TABLE record_pendingrecord ADD CONSTRAINT record_pending_in_order PRIMARY KEY (owner_side, arrived)",
)


def _index_order_alone(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave what waits the order of arrival as its one index, and on SQLite, which has it anyway, none."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in _SQLITE:
            schema_editor.execute(statement)
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL_INDEXES)
        names = [name for (name,) in cursor.fetchall()]
    for statement in (*(f"DROP INDEX {name}" for name in names), *_POSTGRESQL):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("record", "0005_mirrored_root"),
    ]

    operations = [
        migrations.RunPython(_index_order_alone, migrations.RunPython.noop),
    ]
