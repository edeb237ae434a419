"""A file lies sealed under a random name, with its row or not at all, and is erased for good."""

import io
import os
import time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from riverloop.apps.documents import sealing, selectors, services, store, subjects, sweeping
from riverloop.apps.documents.forgetting import files_go
from riverloop.apps.documents.models import File
from riverloop.apps.nodes import keys
from riverloop.apps.record.selectors import records_of
from riverloop.apps.runs import work
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.ids import new_id
from tests.apps.documents import samples
from tests.cast import account

pytestmark = pytest.mark.django_db
LATER_SECONDS = 7200


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


def nothing(user):
    return File.objects.none().values("pk")


def stored(cast, content=None, **more):
    content = samples.pdf() if content is None else content
    given = {"by": cast.dora, "organisation": cast.delta, "name": "permit.pdf", **more}
    return services.file_store(content=io.BytesIO(content), **given)


def test_what_was_handed_in_is_read_back_letter_by_letter(cast):
    for content in (samples.pdf(), samples.xlsx(), b"a,b\n" + b"1,2\n" * 700_000):
        assert services.file_read(stored(cast, content)) == content


def test_on_disk_it_is_sealed_under_a_random_name_for_its_owner_alone(cast):
    file = stored(cast, samples.CSV)
    path = store.path_of("hk", file.id)
    assert b"sample" not in path.read_bytes()
    assert path.name == file.id
    assert path.stat().st_mode & 0o077 == 0
    assert not list(store.path_of("hk", file.id).parent.glob(".part-*"))


def test_the_other_sides_key_opens_nothing(cast):
    file = stored(cast)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the library says
        keys.unseal("cn", file.sealed_key)


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"\0" + data[1:]])
def test_a_changed_file_is_never_given_out(cast, spoil):
    file = stored(cast)
    path = store.path_of("hk", file.id)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ConflictError, match="not what was handed in"):
        services.file_read(file)


def test_parts_cannot_be_left_out_swapped_or_taken_from_another_file():
    key, content = sealing.new_key(), os.urandom(sealing.PART_BYTES * 2 + 5)
    parts = list(sealing.sealed(key, content, "one"))
    assert b"".join(sealing.opened(key, io.BytesIO(b"".join(parts)), "one")) == content
    for wrong in ([parts[0], parts[1]], [parts[1], parts[0], parts[2]], [*parts, parts[2]], [parts[2]]):
        with pytest.raises(sealing.SealBrokenError):
            list(sealing.opened(key, io.BytesIO(b"".join(wrong)), "one"))
    with pytest.raises(sealing.SealBrokenError):
        list(sealing.opened(key, io.BytesIO(b"".join(parts)), "other"))


def test_an_empty_content_can_be_sealed_too():
    key = sealing.new_key()
    assert b"".join(sealing.opened(key, io.BytesIO(b"".join(sealing.sealed(key, b"", "one"))), "one")) == b""


def test_a_file_of_twenty_megabytes_is_taken_and_one_byte_more_is_not(cast):
    fits = b"a,b\n" + b"1,2\n" * 4_999_999
    assert stored(cast, fits).size == 20_000_000
    with pytest.raises(InputError, match="up to 20 MB"):
        stored(cast, fits + b"1")


def test_no_more_than_the_limit_is_ever_read():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            assert size > 0
            self.given += size
            return b"1" * size

    endless = Endless()
    with pytest.raises(InputError, match="up to 20 MB"):
        services._read(endless)
    assert endless.given <= 20_000_001


def test_the_same_file_for_the_same_subject_is_kept_once(cast):
    one, subject = stored(cast), new_id()
    assert stored(cast) == one
    assert stored(cast, subject=subject) != one
    services.file_erase(file=one, by=cast.dora)
    assert stored(cast) != one


def test_storing_giving_and_erasing_are_recorded_without_the_name(cast):
    file = stored(cast, name="Ha Na's permit.pdf")
    services.file_give(by=cast.ada, file=file)
    services.file_erase(file=file, by=cast.dora)
    for kind in ("file.stored", "file.given", "file.erased"):
        payload = records_of(side="hk", kind=kind).get().payload
        assert file.id in payload
        assert "Na" not in payload


def test_an_organisation_keeps_no_more_than_its_share(cast, monkeypatch):
    monkeypatch.setattr(services, "MOST_FILES", 1)
    first = stored(cast)
    with pytest.raises(ConflictError, match="may keep 1 files"):
        stored(cast, samples.CSV)
    assert len(list(store.stored("hk"))) == 1
    stored(cast, samples.CSV, by=cast.eve, organisation=cast.egret)  # each has its own
    services.file_erase(file=first)
    stored(cast, samples.CSV)
    monkeypatch.setattr(services, "MOST_BYTES_KEPT", 30)
    with pytest.raises(ConflictError, match="Erase what is no longer needed"):
        stored(cast, samples.png())


def test_nothing_is_stored_for_the_other_side(cast):
    with pytest.raises(PermissionDenied):
        stored(cast, organisation=cast.banyan)


# Together or not at all


def test_where_the_row_cannot_be_kept_no_file_stays(cast, monkeypatch):
    def fail(**named):
        raise RuntimeError("no disk")

    monkeypatch.setattr(services, "record_append", fail)
    with pytest.raises(RuntimeError, match="no disk"):
        stored(cast)
    assert not File.objects.exists()
    assert not list(store.stored("hk"))


def test_where_the_file_cannot_be_written_no_row_is_kept(cast, monkeypatch):
    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        stored(cast)
    assert not File.objects.exists()
    assert not list(store.stored("hk"))


@pytest.mark.django_db(transaction=True)
def test_a_transaction_rolled_back_around_it_leaves_a_file_that_is_swept(cast):
    with transaction.atomic():
        stored(cast)
        transaction.set_rollback(True)
    (orphan,) = store.stored("hk")
    assert sweeping.sweep("hk") == {"removed": 0, "missing": 0}  # it may still be on its way
    assert sweeping.sweep("hk", now_seconds=time.time() + LATER_SECONDS) == {"removed": 1, "missing": 0}
    assert not orphan.exists()


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_was_killed_half_way_is_swept_and_others_stay(cast):
    kept = stored(cast)
    half = store.path_of("hk", kept.id).parent / ".part-half"
    half.write_bytes(b"half")
    assert sweeping.sweep("hk", now_seconds=time.time() + LATER_SECONDS) == {"removed": 1, "missing": 0}
    assert services.file_read(kept) == samples.pdf()


@pytest.mark.django_db(transaction=True)
def test_an_erased_file_whose_removal_was_killed_cannot_be_read_and_is_swept(cast, monkeypatch):
    file = stored(cast)
    sealed = store.path_of("hk", file.id).read_bytes()
    monkeypatch.setattr(services.store, "remove", print)
    services.file_erase(file=file, by=cast.dora)
    file.refresh_from_db()
    assert (bytes(file.sealed_key), file.name) == (b"", "")
    assert store.path_of("hk", file.id).read_bytes() == sealed
    with pytest.raises(ConflictError, match="was erased"):
        services.file_read(file)
    assert sweeping.sweep("hk", now_seconds=time.time() + LATER_SECONDS) == {"removed": 1, "missing": 0}


@pytest.mark.django_db(transaction=True)
def test_a_file_that_somebody_lost_is_counted(cast):
    store.remove("hk", stored(cast).id)
    assert sweeping.sweep("hk")["missing"] == 1


@pytest.mark.django_db(transaction=True)
def test_erasing_removes_the_file_once_the_transaction_is_kept(cast):
    file = stored(cast)
    with transaction.atomic():
        services.file_erase(file=file, by=cast.dora)
        transaction.set_rollback(True)
    assert store.path_of("hk", file.id).exists()
    file.refresh_from_db()
    services.file_erase(file=file, by=cast.dora)
    assert not store.path_of("hk", file.id).exists()


def test_sweeping_is_a_run_of_its_own_each_day():
    assert sweeping.KIND in {one.kind for one in work.timetables()}


# Who sees what


def test_each_sees_only_their_own(cast):
    one, other = stored(cast), stored(cast, by=cast.eve, organisation=cast.egret)
    seen = {
        name: set(selectors.files(visible_to=getattr(cast, name)))
        for name in ("dora", "eve", "mei", "hana", "oscar", "otto", "greta", "pat", "ada", "amy", "nobody_yet")
    }
    assert seen.pop("dora") == {one}
    assert seen.pop("eve") == {other}
    assert seen.pop("ada") == {one, other}
    assert set().union(*seen.values()) == set()


def test_whoever_sees_the_movement_sees_what_is_attached(cast, monkeypatch):
    subject = new_id()
    file = stored(cast, subject=subject)
    from django.db.models import Value

    sees = File.objects.filter(pk=file.pk).annotate(shown=Value(subject)).values("shown")
    monkeypatch.setattr(
        subjects,
        "_visible",
        {"movement": lambda user: sees if user == cast.oscar else nothing(user)},
    )
    assert list(selectors.files_of(subject=subject, visible_to=cast.oscar)) == [file]
    assert not selectors.files_of(subject=subject, visible_to=cast.eve).exists()


def test_an_officer_sees_the_paper_of_a_permit_that_their_authority_vets(cast):
    from datetime import date

    file = stored(cast)
    services.permit_add(
        by=cast.dora, organisation=cast.delta, document="dh_import_permit", number="1", issuer="x",
        issued_on=date(2026, 1, 1), file=file,
    )  # fmt: skip
    hedy = account("hedy", "hk", "officer", authority="hk.dh")
    assert list(selectors.files(visible_to=hedy)) == [file]
    assert not selectors.files(visible_to=cast.oscar).exists()
    with pytest.raises(ConflictError, match="End the permit first"):
        services.file_erase(file=file, by=cast.dora)


# Kept no longer


def test_old_files_go_and_new_ones_stay(cast):
    from datetime import timedelta

    from django.utils import timezone

    old, new = stored(cast), stored(cast, samples.CSV)
    File.objects.filter(pk=old.pk).update(uploaded_at=timezone.now() - timedelta(days=1200))
    assert files_go(timezone.now() - timedelta(days=1000), "hk") == 1
    assert files_go(timezone.now() - timedelta(days=1000), "hk") == 0
    assert set(selectors.files(visible_to=cast.dora)) == {new}


def test_a_key_that_is_changed_still_opens_every_file(cast):
    file = stored(cast)
    keys.sealing_key_add("hk")
    File.objects.filter(pk=file.pk).update(sealed_key=keys.reseal("hk", file.sealed_key))
    file.refresh_from_db()
    assert services.file_read(file) == samples.pdf()
