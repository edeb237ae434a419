"""Reads the facts that a movement needs, and asks both sides' laws about it. Nothing is kept, and no token is needed.

python 01_decide_without_keeping.py
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from riverloop_client import from_environment

SAMPLE = json.loads(Path(__file__).with_name("sample.json").read_text("utf-8"))


def main() -> None:
    client = from_environment()
    direction = client.zone()["directions"][0]
    at = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    dictionary = client.facts("goods")

    first = {"category": SAMPLE["category"]}
    decided = client.decide("goods", direction, at, first)
    print(f"Knowing only {first}: {decided['outcome']}. Still to be known:")
    for side, said in decided["sides"].items():
        for name in said["missing_facts"][:3]:
            print(f"  {side}: {dictionary[name]['label']} ({name}, {dictionary[name]['kind']})")

    decided = client.decide("goods", direction, at, SAMPLE)
    print(f"Knowing all of sample.json: {decided['outcome']}.")
    for side, said in decided["sides"].items():
        print(f"  {side}: {said['outcome']}, papers missing: {said['missing_documents'] or 'none'}")


if __name__ == "__main__":
    main()
