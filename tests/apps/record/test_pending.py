"""What happens is recorded with it or not at all, and a commitment tells nothing."""

import hashlib
import json

import pytest
from django.db import transaction

from riverloop.apps.record.commitments import commitment_of, opens
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.record.selectors import records_of
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import InputError

PAYLOAD = {"role": "7", "at": "2026-11-22T09:00:00Z", "by": "é"}


def append(side="hk", kind="role.granted", payload=PAYLOAD):
    return record_append(side=side, kind=kind, payload=payload)


class WentWrongError(Exception):
    """What the caller meets half way."""


@transaction.atomic
def change_and_fail(payload=PAYLOAD):
    append(kind="the change itself")
    append(payload=payload)
    raise WentWrongError


@pytest.mark.django_db(transaction=True)
def test_a_record_outside_a_transaction_is_refused_and_the_message_says_what_to_do():
    with pytest.raises(transaction.TransactionManagementError, match="inside the atomic block"):
        append()
    assert not PendingRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_fails_loses_its_record_with_it():
    with pytest.raises(WentWrongError):
        change_and_fail()
    assert not PendingRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_record_that_fails_loses_the_change_with_it():
    with pytest.raises(InputError):
        change_and_fail({"share": float("nan")})
    assert not PendingRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_succeeds_keeps_its_record():
    with transaction.atomic():
        kept = append()
    assert PendingRecord.objects.get() == kept


@pytest.mark.django_db
def test_the_stored_commitment_is_the_hash_of_salt_and_canonical_json():
    append()
    kept = PendingRecord.objects.get()
    canonical = '{"at":"2026-11-22T09:00:00Z","by":"é","role":"7"}'
    assert kept.payload == canonical
    assert len(bytes(kept.salt)) == 32
    assert bytes(kept.commitment) == hashlib.sha256(bytes(kept.salt) + canonical.encode()).digest()
    assert kept.opens


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["payload", "salt", "commitment"])
def test_a_changed_field_no_longer_opens(field):
    append()
    kept = PendingRecord.objects.get()
    value = getattr(kept, field)
    setattr(kept, field, value + " " if field == "payload" else bytes([bytes(value)[0] ^ 1]) + bytes(value)[1:])
    kept.save()
    assert not PendingRecord.objects.get().opens


@pytest.mark.django_db
def test_two_equal_payloads_look_unlike_each_other():
    one, other = append(), append()
    assert one.payload == other.payload
    assert bytes(one.commitment) != bytes(other.commitment)
    assert bytes(one.salt) != bytes(other.salt)
    assert one.id != other.id


def test_a_salt_of_another_length_opens_nothing():
    payload = json.dumps({}).encode()
    assert not opens(commitment_of(payload, b""), payload, b"")


@pytest.mark.django_db
def test_each_side_reads_its_own_records_oldest_first():
    first, second = append(), append(kind="role.ended")
    other = append(side="cn")
    assert list(records_of(side="hk")) == [first, second]
    assert list(records_of(side="cn")) == [other]
    assert list(records_of(side="hk", kind="role.ended")) == [second]
