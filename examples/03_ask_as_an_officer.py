"""Lists an officer's queue, claims the matter of a movement, and asks whoever filed for more.

    RIVERLOOP_OFFICER_TOKEN=… python 03_ask_as_an_officer.py NUMBER

The token is an officer's, with the scopes movements:read and desk:write and desk:read.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from riverloop_client import Client, Row, from_environment, stop


def matter_of(client: Client, number: str) -> Row:
    """Return the matter that waits in the queue for a movement."""
    movement = next(client.movements(q=number), None) or stop(f"There is no movement {number}.")
    waiting = [one for one in client.matters(tab="todo") if one["subject"] == movement["id"]]
    return waiting[0] if waiting else stop(f"Nothing waits for movement {number}.")


def main() -> None:
    client, number = from_environment("RIVERLOOP_OFFICER_TOKEN"), sys.argv[1]
    for matter in client.matters(tab="unclaimed"):
        print(f"{matter['due_at']}  {matter['kind']}  {matter['title']}")
    claimed = client.claim(matter_of(client, number))
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds")
    asked = client.ask(claimed, "Which tier of risk is it in, and is it new?", ["risk_tier", "first_entry"], due)
    print(f"Asked; the matter is {asked['state']} now.")


if __name__ == "__main__":
    main()
