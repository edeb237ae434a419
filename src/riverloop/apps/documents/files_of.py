"""The files of one thing, for the page that shows it: ``{% include panel.template with files=panel %}``."""

from __future__ import annotations

from dataclasses import dataclass

from riverloop.apps.documents.contents import MOST_BYTES
from riverloop.apps.documents.models import File
from riverloop.apps.documents.permissions import held
from riverloop.apps.documents.selectors import files_of
from riverloop.apps.parties.models import User

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Panel:
    """A list of files and, for whoever may attach, a form.

    Args:
        rows: files, oldest first.
        subject: id of what they are attached to.
        back: address of the page that shows them.
        may_attach: whether the reader may add one.
        most_bytes: how large one may be.
        template: what shows it.
    """

    rows: list[File]
    subject: str
    back: str
    may_attach: bool
    most_bytes: int = MOST_BYTES
    template: str = "documents/attachments.html"

    @property
    def most_megabytes(self) -> int:
        """How large one may be, as people say it."""
        return self.most_bytes // 1_000_000


def panel(*, user: User, subject: str, back: str) -> Panel:
    """Return the files of something that the reader may see.

    Args:
        user: who reads.
        subject: id of a movement, for instance; the caller checked that the reader may see it.
        back: address of the page, without anything personal in it.
    """
    rows = list(files_of(subject=subject, visible_to=user)[:_MOST_SHOWN])
    return Panel(rows=rows, subject=subject, back=back, may_attach=bool(held(user, "coordinator")))
