"""Hands in a permit with its paper, files a movement, and prints its number on the last line.

    RIVERLOOP_TOKEN=… python 02_file_a_movement.py

The token is a coordinator's, with the scopes movements:write and documents:write.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from riverloop_client import Problem, from_environment, stop

SAMPLE = json.loads(Path(__file__).with_name("sample.json").read_text("utf-8"))
PAPER = "gacc_special_article_approval"


def main() -> None:
    client = from_environment()
    side = client.me()["side"]
    direction = next(one for one in client.zone()["directions"] if one.startswith(side))
    crossing = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)

    file = client.upload(Path(__file__).with_name("approval.csv"))
    permit = client.add_permit(
        {
            "document": PAPER,
            "number": f"SA-{crossing:%Y%m%d-%H%M%S}",
            "issuer": "Customs of the place",
            "issued_on": f"{crossing - timedelta(days=30):%Y-%m-%d}",
            "quantity": "100",
            "unit": "mL",
            "file": file["id"],
        }
    )
    print(f"Permit {permit['number']} for {permit['quantity']} {permit['unit']}, {permit['left']} left.")

    movement = client.file_movement(
        {
            "flow": "goods",
            "direction": direction,
            "crossing_at": crossing.isoformat(),
            "items": [{"facts": SAMPLE}],
            "reference": "Lot 7",
        }
    )
    print(movement["sentence"])
    for said in client.movement(movement["id"])["sides"]:
        print(f"  {said['side']}: {said['outcome'] or 'not answered yet'}")
    print(movement["number"])


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        print(problem, file=sys.stderr)
        stop("Nothing was filed.")
