"""A node is backed up while it works, lost and restored: everything reads, all decisions run again, or nothing is."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from riverloop.core.kernel.errors import RiverloopError
from riverloop.web.backup import archive, restoring, taking
from riverloop.web.backup.contents import KEPT, KEYS, LEFT_OUT, unknown
from tests.installation import Installation, database_of_its_own, wait_for
from tests.traffic.files import row, text_of

LOAD = """
import io, sys, threading
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from riverloop.apps.clearance.services import Draft, DraftItem, movements_declare
from riverloop.apps.documents.services import file_erase, file_store
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.parties.models import Role
role = Role.objects.filter(kind="coordinator").order_by("granted_at", "id").first()
way = sys.argv[1]
facts = {"category": "equipment", "quantity": 3, "quantity_unit": "1"}
threading.Thread(target=lambda: (sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
number = 0
while True:
    number += 1
    draft = Draft("goods", way, timezone.now() + timedelta(days=3), [DraftItem(facts, None)], reference=f"r{number}")
    (movement,) = movements_declare(by=role.user, organisation=role.organisation, drafts=[draft])
    content = io.BytesIO(f"a,b\\n1,{number}\\n".encode())
    file = file_store(by=role.user, organisation=role.organisation, name=f"{number}.csv", content=content)
    if number % 3 == 0:
        file_erase(file=file, by=role.user)
    messages_deliver()
    print(number, movement.ref, flush=True)
"""
LOOK = """
import json, sqlite3
import django
django.setup()
from django.db import connection
from riverloop.apps.clearance.deciding import decision_rerun
from riverloop.apps.clearance.models import Movement, SideDecision
from riverloop.apps.documents.models import File
from riverloop.apps.documents.services import file_read
from riverloop.apps.documents.sweeping import sweep
from riverloop.apps.nodes import keys
from riverloop.apps.notices.models import Message
from riverloop.apps.parties.models import IdentityNumber
from riverloop.apps.record.models import PendingRecord
own = [row for row in SideDecision.objects.all() if row.side == row.owner_side]
kept = list(File.objects.filter(erased_at=None))
print(json.dumps({
    "references": sorted(Movement.objects.filter(organisation__isnull=False).values_list("reference", flat=True)),
    "refs": sorted(Movement.objects.values_list("ref", flat=True)),
    "decisions": len(own),
    "rerun": sum(decision_rerun(row) for row in own),
    "files": len(kept),
    "read": sum(bool(file_read(file)) for file in kept),
    "missing": sum(sweep(side)["missing"] for side in ("hk", "cn")),
    "signed": all(row.key_id in keys.verifying_keys(row.from_side) for row in Message.objects.all()),
    "pending_open": all(row.opens for row in PendingRecord.objects.all()),
    "numbers": [number.opened() for number in IdentityNumber.objects.all()],
}))
"""


@pytest.fixture
def url():
    with database_of_its_own("riverloop_backup") as address:
        yield address


@pytest.fixture
def node(tmp_path, url):
    """A node that has a past: that of the release before the logs, brought up to date."""
    made = Installation(tmp_path / "data", url, RIVERLOOP_DEMO="1").lay_older()
    made.run("work", "--once")
    return made


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A backup of such a node on SQLite with its keys, for what is refused before a database is touched."""
    folder = tmp_path_factory.mktemp("small")
    made = Installation(folder / "data").lay_older()
    made.run("work", "--once")
    made.run("backup", folder / "node.tar", "--keys", folder / "keys.tar")
    return folder


def lose(node):
    """Lose the machine: the data folder is gone, and so is what the database held."""
    shutil.rmtree(node.folder)
    if node.url:
        import psycopg

        with psycopg.connect(node.url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


def found_in(node):
    return json.loads(node.python(LOOK))


# Under load


@pytest.mark.database
@pytest.mark.slow
def test_a_backup_taken_under_load_restores_to_a_node_in_which_everything_reads(node, tmp_path):
    before = found_in(node)
    load, worker = node.start("-c", LOAD, "hk-cn"), node.start("work", stdout=None, stderr=subprocess.DEVNULL)
    try:
        filed = [load.stdout.readline().split() for _ in range(5)]
        assert all(filed), load.stderr.read() if load.poll() is not None else ""
        node.run("backup", tmp_path / "node.tar", "--keys", tmp_path / "keys.tar")
        filed_after = load.stdout.readline().split()
    finally:
        for process in (load, worker):
            process.kill()
            process.communicate()
    assert filed_after, "it went on filing while the backup was taken"
    lose(node)
    node.run("restore", tmp_path / "node.tar", "--keys", tmp_path / "keys.tar")
    after = found_in(node)
    assert set(before["refs"]) | {ref for _, ref in filed} <= set(after["refs"])
    assert after["rerun"] == after["decisions"] > before["decisions"]
    assert after["read"] == after["files"] > 0
    assert after["missing"] == 0
    assert after["signed"]
    assert after["pending_open"]
    assert after["numbers"] == before["numbers"] == ["SYNTHETIC01"]
    node.run("work", "--once")
    assert set(sizes_of(node)) == {"hk", "cn"}


@pytest.mark.database
def test_what_is_there_is_put_aside_only_when_asked_and_never_deleted(node, tmp_path):
    node.run("backup", tmp_path / "node.tar")
    node.python("import django; django.setup(); from riverloop.apps.runs.models import Run; Run.objects.all().delete()")
    (node.folder / "files" / "hk").mkdir(parents=True, exist_ok=True)
    (node.folder / "files" / "hk" / "newer").write_text("newer")
    refused = node.run("restore", tmp_path / "node.tar", check=False)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "--replace" in refused.stderr
    done = node.run("restore", tmp_path / "node.tar", "--replace")
    (aside,) = node.folder.glob("before-*")
    assert str(aside) in done.stdout
    assert (aside / "files" / "hk" / "newer").read_text() == "newer"
    assert not (node.folder / "files" / "hk" / "newer").exists()
    assert (node.folder / "keys").is_dir(), "keys that lie there and fit stay"
    assert found_in(node)["numbers"] == ["SYNTHETIC01"]
    if node.url:
        schema = done.stdout.partition("the schema ")[2].split()[0].rstrip(".")
        assert "0" in node.python(
            "import sys, django; django.setup(); from django.db import connection; c = connection.cursor();"
            "c.execute(f'SELECT count(*) FROM \"{sys.argv[1]}\".runs_run'); print(c.fetchone()[0])",
            schema,
        )


@pytest.mark.database
def test_a_database_that_cannot_be_restored_leaves_the_old_one_as_it_was(node, tmp_path, monkeypatch):
    node.run("backup", tmp_path / "node.tar")
    spoilt = rewritten(tmp_path / "node.tar", tmp_path / "spoilt.tar", change=spoil_database)
    refused = node.run("restore", spoilt, "--replace", check=False)
    assert refused.returncode == 1, refused.stdout
    assert refused.stderr.count("\n") == 1
    assert not list(node.folder.glob("before-*"))
    assert not list(node.folder.glob(".restore-*"))
    assert not (node.folder / "restore_unfinished").exists()
    assert found_in(node)["numbers"] == ["SYNTHETIC01"]


@pytest.mark.slow
def test_after_an_older_backup_was_restored_the_log_goes_on_where_it_was_published(small, tmp_path):
    node = Installation(tmp_path / "data")
    node.run("restore", small / "node.tar", "--keys", small / "keys.tar")
    before = sizes_of(node)
    node.python("import django; django.setup()" + RECORD_ONE)
    node.run("work", "--once")
    longer = sizes_of(node)
    assert longer["hk"] == before["hk"] + 1
    done = node.run("restore", small / "node.tar", "--replace")
    assert "not signed" not in done.stdout
    assert sizes_of(node) == longer
    node.python("import django; django.setup()" + RECORD_ONE)
    node.run("work", "--once")
    assert sizes_of(node)["hk"] == longer["hk"] + 1
    kept = "from riverloop.apps.record.models import Leaf; print(Leaf.objects.filter(owner_side='hk').count())"
    assert int(node.python(f"import django; django.setup(); {kept}")) == longer["hk"] + 1


RECORD_ONE = """
from django.db import transaction
from riverloop.apps.record.services import record_append
with transaction.atomic():
    record_append(side="hk", kind="test.kind", payload={"n": 1})
"""


def sizes_of(node):
    """Verify the published logs, and return their sizes."""
    told = json.loads(node.run("log", "verify", node.folder / "log", "--json").stdout)
    assert told, "there is a log"
    return {path.parent.name: int(path.read_text().split("\n")[1]) for path in node.folder.glob("log/*/checkpoint")}


# What is refused


@pytest.fixture
def here(settings, tmp_path):
    """Restore in this process: what is refused never reaches its database."""
    settings.RIVERLOOP_DATA = tmp_path / "target"
    settings.RIVERLOOP_DATA.mkdir()

    def refused(path, keys=None):
        with pytest.raises(RiverloopError) as caught:
            restoring.restore(path, keys=keys)
        assert {one.name for one in settings.RIVERLOOP_DATA.iterdir()} <= {"in_use"}, "nothing is left behind"
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refused


@pytest.mark.parametrize("how", ["cut in the middle", "cut before its list", "a flipped bit", "empty", "no tar"])
def test_every_way_of_damaging_a_backup_is_refused_whole(small, tmp_path, here, how):
    whole = (small / "node.tar").read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    spoilt = tmp_path / "spoilt.tar"
    spoilt.write_bytes(
        {
            "cut in the middle": whole[: len(whole) // 2],
            "cut before its list": whole[: whole.rindex(b"riverloop-backup.json") - 1_000],
            "a flipped bit": bytes(flipped),
            "empty": b"",
            "no tar": b"PK\3\4 not a tar" * 100,
        }[how]
    )
    assert "no whole backup" in here(spoilt, small / "keys.tar")
    with pytest.raises(RiverloopError, match="no whole backup"):
        restoring.check_backup(spoilt)


def test_a_whole_backup_is_checked_without_being_restored(small, tmp_path):
    target = Installation(tmp_path / "target")
    assert "is whole" in target.run("restore", small / "node.tar", "--check").stdout
    assert not target.folder.exists()


def spoil_database(name, content, about):
    if name.startswith("database."):
        content = content[:4096] + os.urandom(2048) + content[6144:]
    return name, content, about


def listed(**more):
    return lambda name, content, about: (name, content, about | more)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (listed(format=archive.FORMAT + 1, version="9"), "newer Riverloop (9)"),
        (listed(migrations=["runs.0999_later"], version="9"), "newer Riverloop (9)"),
        (listed(zone="elsewhere"), "of the zone elsewhere"),
        (listed(sides=["hk"]), "of the node of hk, and this is that of hk and cn"),
        (listed(kind="keys"), "a backup of a node"),
        (listed(database="mysql"), "DATABASE_URL"),
        (listed(fingerprints={"hk": ["0" * 16]}), "Keys of hk are missing"),
        (spoil_database, "damaged"),
    ],
    ids=["format", "migration", "zone", "side", "kind", "database", "keys", "content"],
)
def test_what_does_not_fit_is_refused_in_one_line_and_nothing_is_changed(small, tmp_path, here, change, said):
    changed = rewritten(small / "node.tar", tmp_path / "changed.tar", change=change)
    assert said in here(changed, small / "keys.tar")


def without(name):
    return lambda _, content, about: (_, content, {key: value for key, value in about.items() if key != name})


@pytest.mark.parametrize(
    "change",
    [
        *(without(name) for name in ("kind", "zone", "sides", "database", "migrations", "fingerprints", "made_at")),
        listed(sides="hk"), listed(migrations=7), listed(migrations=[7]), listed(fingerprints=[]), listed(database=[]),
        listed(fingerprints={"hk": 7}), listed(zone={}), listed(made_at=None), listed(version=7),
    ],
)  # fmt: skip
def test_a_list_of_contents_of_another_form_is_refused_in_one_line(small, tmp_path, here, change):
    changed = rewritten(small / "node.tar", tmp_path / "changed.tar", change=change)
    assert here(changed, small / "keys.tar")
    with pytest.raises(RiverloopError):
        restoring.check_backup(changed)


@pytest.mark.parametrize("name", ["files//side", "side/below", "files/" + "x" * 300])
def test_members_that_get_in_each_others_way_are_refused(small, tmp_path, here, name):
    changed = tmp_path / "changed.tar"
    with changed.open("wb") as file:
        writer = archive.Writer(file, changed)
        for one in ("files/side", "side", name):
            writer.add(one, small / "keys.tar")
        writer.finish({"kind": "data"})
    assert "no whole backup" in here(changed)


@pytest.mark.parametrize("name", ["../outside", "/outside", "keys/hk/signing_key", "files/../../outside", "other/file"])
def test_a_member_that_leads_elsewhere_is_refused(small, tmp_path, here, name):
    def renamed(old, content, about):
        return (name if old.startswith("database.") else old), content, about

    changed = rewritten(small / "node.tar", tmp_path / "changed.tar", change=renamed)
    assert "no whole backup" in here(changed)
    assert not (tmp_path / "outside").exists()


def rewritten(source, target, *, change):
    """Write a backup anew with something changed, its list made to agree."""
    with tarfile.open(source) as old:
        held = {entry.name: old.extractfile(entry).read() for entry in old}
    about = json.loads(held.pop("riverloop-backup.json"))
    members = {}
    with tarfile.open(target, "w") as new:
        for old_name, old_content in held.items():
            name, content, about = change(old_name, old_content, about)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
            members[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        text = json.dumps(about | {"members": members}).encode()
        entry = tarfile.TarInfo("riverloop-backup.json")
        entry.size = len(text)
        new.addfile(entry, io.BytesIO(text))
    return target


def test_without_its_keys_a_backup_is_not_restored_and_holds_none_of_them(small, here):
    assert "--keys FILE" in here(small / "node.tar")
    assert "no whole backup" in here(small / "keys.tar", small / "node.tar")
    whole = (small / "node.tar").read_bytes()
    for path in (small / "data" / "keys").rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            for line in path.read_bytes().split():
                assert line not in whole, path


@pytest.mark.parametrize("keys", ["same.tar", "./same.tar", "below/../same.tar", "linked/same.tar", "link.tar"])
def test_the_keys_are_not_written_to_the_file_of_the_rest(small, tmp_path, here, keys):
    (tmp_path / "below").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path)
    (tmp_path / "link.tar").symlink_to("same.tar")
    with pytest.raises(RiverloopError, match="The keys go to another file"):
        taking.back_up(tmp_path / "same.tar", keys=tmp_path / keys)
    assert not (tmp_path / "same.tar").exists()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_backup_that_finds_no_room_is_one_line_and_leaves_nothing(small, tmp_path, share):
    most = int((small / "node.tar").stat().st_size * share)
    code = LITTLE_ROOM.format(most=most)
    process = Installation(small / "data").start("-c", code, tmp_path / "b.tar", "--keys", tmp_path / "k.tar")
    _, said = process.communicate()
    assert (process.returncode, said.count("\n")) == (1, 1), said
    assert "b.tar: There is no room for it (File too large)" in said or "database could not be copied there" in said
    assert not list(tmp_path.iterdir())


LITTLE_ROOM = """
import resource, signal, sys
from riverloop import cli
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
sys.argv[0:1] = ["riverloop", "backup"]
cli.main()
"""


def test_half_a_backup_never_gets_its_name(small, tmp_path):
    node = Installation(small / "data")
    target = tmp_path / "node.tar"
    process = node.start("-c", SLOW, target)
    wait_for(lambda: list(tmp_path.glob(".node.tar.*")))
    process.kill()
    process.communicate()
    assert not target.exists()
    node.run("backup", target)
    assert "already" in node.run("backup", target, check=False).stderr


SLOW = """
import sys, time
from pathlib import Path
import django
django.setup()
from riverloop.web.backup import taking
taking.databases.copy_into = lambda target: time.sleep(60)
taking.back_up(Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_node_that_runs_is_not_restored_over(small, tmp_path):
    node = Installation(tmp_path / "data")
    node.run("restore", small / "node.tar", "--keys", small / "keys.tar")
    with node.serving():
        done = node.run("restore", small / "node.tar", "--replace", check=False)
        assert done.returncode == 1
        assert "Riverloop runs there. Stop it first." in done.stderr
        node.run("backup", tmp_path / "served.tar")
    node.run("restore", tmp_path / "served.tar", "--replace")


@pytest.mark.slow
def test_imported_passenger_counts_come_back_with_a_backup(small, tmp_path):
    node = Installation(tmp_path / "data")
    node.run("restore", small / "node.tar", "--keys", small / "keys.tar")
    (tmp_path / "new.csv").write_bytes(text_of(row(), row(way="Departure")))
    node.run("traffic", "import", tmp_path / "new.csv")
    (node.folder / "traffic" / "half.parquet.new").write_text("half written")
    taken = node.run("backup", tmp_path / "node.tar", "--keys", tmp_path / "keys.tar")
    assert "Left out" not in taken.stdout
    with tarfile.open(tmp_path / "node.tar") as backup:
        assert [name for name in backup.getnames() if name.startswith("traffic/")] == ["traffic/hk_immd.parquet"]
    shown = node.run("traffic", "show", "lo_wu", "--from", "2026-03-09", "--json").stdout
    lose(node)
    node.run("restore", tmp_path / "node.tar", "--keys", tmp_path / "keys.tar")
    assert node.run("traffic", "show", "lo_wu", "--from", "2026-03-09", "--json").stdout == shown
    assert '"new.csv"' in shown
    assert node.run("traffic", "import", tmp_path / "new.csv").stdout.endswith("all 2 rows are known.\n")


def test_a_restore_into_an_empty_folder_finds_nothing_to_put_aside(small, tmp_path):
    node = Installation(tmp_path / "data")
    done = node.run("restore", small / "node.tar", "--keys", small / "keys.tar")
    assert done.stdout.startswith("Restored as of ")
    assert "What was there before" not in done.stdout
    assert list(node.folder.glob("before-*")) == []
    assert (node.folder / "secret_key").read_text() == (small / "data" / "secret_key").read_text()


def test_nothing_starts_where_a_restore_was_cut_off_until_it_was_run_again(small, tmp_path):
    node = Installation(tmp_path / "data")
    node.run("restore", small / "node.tar", "--keys", small / "keys.tar")
    (node.folder / "restore_unfinished").write_text(f"{node.folder}/before-1\n")
    (node.folder / "riverloop.sqlite3").unlink()
    for command in (["work", "--once"], ["backup", tmp_path / "x.tar"], ["retention", "run"]):
        done = node.run(*command, check=False)
        assert (done.returncode, "cut off" in done.stderr) == (1, True), done.stderr
    node.run("restore", small / "node.tar", "--keys", small / "keys.tar", "--replace")
    assert node.run("work", "--once").returncode == 0


def test_all_that_lies_in_a_data_folder_is_kept_or_made_anew_on_purpose(small):
    assert unknown(small / "data") == []
    assert not set(KEPT) & {*KEYS, *LEFT_OUT}
    (small / "data" / "stranger").write_text("?")
    assert unknown(small / "data") == ["stranger"]
    (small / "data" / "stranger").unlink()
