"""What a person's copy of everything that is held about them says of files and permits."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from riverloop.apps.documents import subjects
from riverloop.apps.documents.models import File, Permit
from riverloop.apps.parties.models import Person


def files_of(person: Person) -> list[dict[str, Any]]:
    """Return the files of a person: handed in by them as a holder, on permits that name them, about them alone.

    What is attached to a movement in which others are, too, is left out: whose it is, nobody has said.
    """
    accounts = person.roles.filter(kind="holder").values("user")
    about = Q(uploaded_by__in=accounts, organisation=None) | Q(permits__person=person) | subjects.alone(person.pk)
    found = File.objects.filter(about, owner_side=person.owner_side, erased_at=None).distinct()
    return [
        {
            "name": file.name,
            "media_type": file.media_type,
            "bytes": file.size,
            "sha256": file.sha256,
            "held_since": file.uploaded_at.isoformat(),
        }
        for file in found.order_by("uploaded_at", "id")
    ]


def permits_of(person: Person) -> list[dict[str, Any]]:
    """Return the permits that name a person."""
    return [
        {
            "document": permit.document,
            "number": permit.number,
            "issuer": permit.issuer,
            "issued_on": permit.issued_on.isoformat(),
            "expires_on": permit.expires_on.isoformat() if permit.expires_on else None,
            "quantity": f"{permit.quantity.normalize():f}" if permit.quantity is not None else None,
            "unit": permit.unit or None,
            "state": permit.state,
            "remark": permit.remark or None,
            "file": permit.file.name if permit.file and permit.file.erased_at is None else None,
            "held_since": permit.added_at.isoformat(),
        }
        for permit in Permit.objects.filter(person=person).select_related("file").order_by("added_at", "id")
    ]
