# ruff: noqa: SLF001 - Django's documented interface to models begins with an underscore
"""All that is sealed, so that a key can be changed: columns are found by their name, other things are registered.

A rotation puts a new key on top and seals everything again. It may be stopped at any point and started again: what the
newest key sealed already is passed over, and no further key is added while anything waits for the last one. When
nothing waits, the older keys can be dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import models, transaction

from riverloop.apps.nodes import keys
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ConflictError

Change = Callable[[bytes], bytes]
Visit = Callable[[str, Change], int]

ACCOUNTS = "accounts"  # secrets of second factors are the node's, and no side's
_BATCH = 200  # rows a transaction

_visits: dict[str, Visit] = {}


def register(name: str, visit: Visit) -> None:
    """Name something sealed that is no column called ``sealed`` or ``sealed_…``.

    Args:
        name: what it is, such as ``mfa.Authenticator``.
        visit: takes a side (or ``accounts``) and a function from sealed bytes to sealed bytes; hands every sealed value
            of that side to it, keeps what it returns where that differs, and returns how many values there were.
    """
    _visits[name] = visit


def _columns() -> dict[str, Visit]:
    """Return every sealed column: binary, of a row that has a side, and called ``sealed`` or ``sealed_…``."""
    return {
        f"{model._meta.label}.{field.name}": partial(_visit_column, model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, models.BinaryField) and field.name.startswith("sealed") and hasattr(model, "owner_side")
    }


def _visit_column(model: type[models.Model], column: str, side: str, change: Change) -> int:
    count = 0
    for rows in _batches(model._default_manager.filter(owner_side=side), column):
        with transaction.atomic():
            for key, sealed in rows:
                old = bytes(sealed)
                new = change(old)
                if new != old:  # and only if nobody wrote it meanwhile
                    model._default_manager.filter(pk=key, **{column: old}).update(**{column: new})
        count += len(rows)
    return count


def _batches(found: models.QuerySet[models.Model], column: str) -> Iterator[list[tuple[str, bytes]]]:
    last = ""
    while rows := list(found.filter(pk__gt=last).order_by("pk").values_list("pk", column)[:_BATCH]):
        yield [(key, sealed) for key, sealed in rows if sealed]
        last = rows[-1][0]


def _visit_authenticators(side: str, change: Change) -> int:
    """Visit the secrets of second factors, which lie as text within JSON."""
    if side != ACCOUNTS:
        return 0
    count = 0
    waiting = iter(list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)))
    while keys_here := list(islice(waiting, _BATCH)):
        with transaction.atomic():
            for row in Authenticator.objects.select_for_update().filter(pk__in=keys_here):
                count += _change_texts(row, change)
    return count


def _change_texts(row: Authenticator, change: Change) -> int:
    """Change what is sealed in an authenticator; a security key holds nothing secret."""
    sealed = {name: row.data[name] for name in ("secret", "seed") if row.data.get(name)}
    listed = row.data.get("migrated_codes", [])
    new = {name: change(text.encode()).decode() for name, text in sealed.items()}
    new_listed = [change(text.encode()).decode() for text in listed]
    if new != sealed or new_listed != listed:
        row.data |= new | ({"migrated_codes": new_listed} if listed else {})
        row.save(update_fields=["data"])
    return len(sealed) + len(listed)


register("mfa.Authenticator", _visit_authenticators)


def _everything() -> dict[str, Visit]:
    return _columns() | _visits


def waiting(side: str) -> dict[str, int]:
    """Return how many values of each sort the newest key did not seal; only sorts with any.

    Raises:
        ConflictError: something opens with no key of this side.
    """
    counts: dict[str, int] = {}
    newest = keys.Sealer(side)

    def count(name: str) -> Change:
        def look(sealed: bytes) -> bytes:
            if not newest.is_newest(sealed):
                newest.check(sealed)
                counts[name] = counts.get(name, 0) + 1
            return sealed

        return look

    for name, visit in _everything().items():
        _visited(name, visit, side, count(name))
    return counts


def rotate(side: str) -> dict[str, int]:
    """Seal everything of a side with a new key, or go on with a rotation that was stopped.

    Returns:
        how many values there are of each sort; all of them are sealed by the newest key.

    Raises:
        ConflictError: something opens with no key of this side. What opens is sealed anew; no key is dropped.
    """
    if not waiting(side):
        keys.sealing_key_add(side)
        _record(side, "keys.sealing_key_added")
    sealer = keys.Sealer(side)
    return {
        name: count for name, visit in _everything().items() if (count := _visited(name, visit, side, sealer.renew))
    }


def rotate_all(side: str) -> dict[str, int]:
    """Rotate the sealing key, and the signing key with it unless this only goes on with what was stopped."""
    goes_on = bool(waiting(side))
    counts = rotate(side)
    if side != ACCOUNTS and not goes_on:
        keys.signing_key_add(side)
        _record(side, "keys.signing_key_added")
    return counts


def rotate_log(side: str) -> None:
    """Sign the side's log, and countersign the other's, with new keys; what the old ones signed stays verifiable.

    The other node goes on countersigning once it trusts them.
    """
    keys.log_key_add(side)
    keys.cosigner_key_add(side)
    _record(side, "keys.log_keys_added")


def drop_old_keys(side: str) -> int:
    """Keep the newest sealing key alone, and return how many were dropped.

    Raises:
        ConflictError: an older key is still needed.
    """
    left = waiting(side)
    if left:
        raise ConflictError(
            "keys.needed",
            N_("{count} sealed values still need an older key. Run: riverloop keys rotate {side}"),
            count=sum(left.values()),
            side=side,
        )
    dropped = keys.sealing_keys_drop(side)
    if dropped:
        _record(side, "keys.sealing_keys_dropped")
    return dropped


def _visited(name: str, visit: Visit, side: str, change: Change) -> int:
    try:
        return visit(side, change)
    except InvalidToken:
        raise ConflictError(
            "keys.lost",
            N_("Something sealed in {name} opens with no key of {side}. Put back the key file of this data."),
            name=name,
            side=side,
        ) from None


@transaction.atomic
def _record(side: str, what: str) -> None:
    if side != ACCOUNTS:
        record_append(side=side, kind=what, payload={})
