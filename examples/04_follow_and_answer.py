"""Follows a movement, and answers whatever an authority asks about it.

RIVERLOOP_TOKEN=… python 04_follow_and_answer.py NUMBER
"""

from __future__ import annotations

import sys

from riverloop_client import from_environment, stop

KNOWN = {"risk_tier": "medium", "first_entry": False}


def main() -> None:
    client, number = from_environment(), sys.argv[1]
    found = next(client.movements(q=number), None) or stop(f"There is no movement {number}.")
    movement = client.movement(found["id"])
    for question in movement["questions"]:
        if question["answered_at"] or question["closed_at"]:
            continue
        print(f"{question['authority']} asks: {question['text']}")
        facts = {name: KNOWN[name] for name in question["facts"] if name in KNOWN}
        client.answer(movement["id"], question["id"], "It is stated now.", facts)
        print(f"Answered with {facts}.")
    for event in client.timeline(movement["id"]):
        print(f"  {event['at'][:16]}  {event['who']}: {event['title']}")
    print(f"{client.movement(movement['id'])['outcome']}")


if __name__ == "__main__":
    main()
