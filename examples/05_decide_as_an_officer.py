"""Decides what an officer has claimed about a movement, and shows that its outcome changes.

RIVERLOOP_OFFICER_TOKEN=… python 05_decide_as_an_officer.py NUMBER
"""

from __future__ import annotations

import sys

from riverloop_client import Problem, from_environment, stop


def main() -> None:
    client, number = from_environment("RIVERLOOP_OFFICER_TOKEN"), sys.argv[1]
    movement = next(client.movements(q=number), None) or stop(f"There is no movement {number}.")
    matter = next((one for one in client.matters(tab="mine") if one["subject"] == movement["id"]), None)
    if matter is None:
        stop(f"You hold nothing about movement {number}. Claim it first.")
    print(f"Before: {movement['outcome']}")
    decided = client.decide_matter(matter, "allow", "The papers are in order.")
    print(f"The matter is {decided['state']}: {decided['act']}.")
    try:
        client.decide_matter(matter, "refuse", "A second thought.")
    except Problem as problem:  # somebody who saw an older version changes nothing
        print(f"Twice is refused: {problem.status} {problem.code}")
    print(client.movement(movement["id"])["outcome"])


if __name__ == "__main__":
    main()
