"""What clearance tells the apps below of itself: its messages, matters, runs and mails, and what it listens to."""

from __future__ import annotations

from riverloop.apps.clearance import copying, kinds, law_changes, papers, receiving
from riverloop.apps.clearance.selectors import (
    item_titles,
    movement_titles,
    movements_alone,
    movements_read,
    numbers_of,
    organisation_of,
)
from riverloop.apps.desk import about, copies
from riverloop.apps.desk.signals import standing_answer_changed
from riverloop.apps.documents import subjects
from riverloop.apps.documents.signals import permit_changed

receiving.listen()
kinds.register_kinds()
law_changes.register_runs()
permit_changed.connect(papers.on_permit_changed, dispatch_uid="clearance")
standing_answer_changed.connect(law_changes.on_standing_answer_changed, dispatch_uid="clearance")
subjects.register(
    "movement", visible=movements_read, titles=movement_titles, owner=organisation_of, alone=movements_alone
)
subjects.register("item", titles=item_titles)
about.register(numbers_of)
copies.register("movements", copying.movements_of)
