"""What tests of the logs share: entries, a round, and reading a folder as a stranger would."""

from django.conf import settings
from django.db import transaction

from riverloop.apps.record.folders import reader_of
from riverloop.apps.record.rounds import log_round
from riverloop.apps.record.services import records_append
from riverloop.core.tlog import verify_log


def append(count=3, side="hk", kind="thing.done", subject="", first=0):
    """Record things, in one transaction."""
    with transaction.atomic():
        records_append(side, [(kind, {"thing": first + number}, subject) for number in range(count)])


def grow(*counts, side="hk"):
    """Record and publish, a round after each count."""
    for count in counts:
        append(count, side)
        log_round(side)


def folder(side="hk"):
    return settings.RIVERLOOP_DATA / "log" / side


def verified(path=None, **options):
    """Verify a folder down to each entry and return its checkpoint and entries."""
    entries = []
    done = verify_log(reader_of(path or folder()), each=lambda _, entry: entries.append(entry), **options)
    return done.signed.checkpoint, entries
