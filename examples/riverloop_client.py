"""A client of Riverloop's API, typed, in one file: copy it into your own system and change what you like.

It needs ``requests`` and nothing else. What the API refuses is raised as ``Problem``, which says what is wrong, where,
and how to mend it. A write is sent with a key of its own, so that sending it again does nothing twice.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import requests

Row = dict[str, Any]
Facts = Mapping[str, Any]

TRIES = 4
SECONDS = 30


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it so
    """What the API refused, as RFC 9457 problem details."""

    def __init__(self, status: int, body: Row) -> None:
        super().__init__(body.get("detail", ""))
        self.status = status
        self.code: str = body.get("code", "")
        self.errors: list[Row] = body.get("errors", [])

    def __str__(self) -> str:
        where = [error.get("pointer") or error.get("parameter") or error.get("header") for error in self.errors]
        lines = [f"  {place}: {error['detail']}" for place, error in zip(where, self.errors, strict=True)]
        return "\n".join([f"{self.status} {self.code}: {self.args[0]}", *lines])


@dataclass(frozen=True)
class Client:
    """One account's way in.

    Args:
        url: of the server, such as http://127.0.0.1:8000.
        token: made under “My account”; empty for what is open to all.
        language: of words in the answers: en, zh-Hant or zh-Hans.
    """

    url: str
    token: str = ""
    language: str = "en"

    # The law

    def zone(self) -> Row:
        """Return the sides, the directions and the control points."""
        return self._get("/zone")

    def facts(self, flow: str) -> dict[str, Row]:
        """Return every fact that may be stated of a flow, by its name."""
        return {fact["name"]: fact for fact in self._get("/facts", flow=flow)["data"]}

    def decide(self, flow: str, direction: str, at: str, facts: Facts) -> Row:
        """Say what both sides' laws say of a movement, and keep nothing."""
        return self._send("POST", "/decide", {"flow": flow, "direction": direction, "at": at, "facts": facts})

    # Movements

    def me(self) -> Row:
        """Return whose token this is."""
        return self._get("/me")

    def movements(self, **sought: str) -> Iterator[Row]:
        """Yield movements: ``q`` takes a number or a reference; see the description for the rest."""
        return self._pages("/movements", **sought)

    def movement(self, movement_id: str) -> Row:
        """Return one movement; its state for changes stands under ``etag``."""
        return self._get(f"/movements/{movement_id}")

    def file_movement(self, movement: Row) -> Row:
        """File a movement."""
        return self._send("POST", "/movements", movement)

    def restate(self, movement: Row, place: int, facts: Facts) -> Row:
        """State facts of an item otherwise, if nobody changed the movement meanwhile."""
        change = {"items": [{"place": place, "facts": facts}]}
        return self._send("PATCH", f"/movements/{movement['id']}", change, **{"If-Match": movement["etag"]})

    def withdraw(self, movement: Row) -> Row:
        """Withdraw a movement."""
        path = f"/movements/{movement['id']}/withdraw"
        return self._send("POST", path, None, **{"If-Match": movement["etag"]})

    def answer(self, movement_id: str, question_id: str, text: str, facts: Facts) -> Row:
        """Answer what an authority asks, and state what it asked for of the first item."""
        body = {"text": text, "items": [{"place": 0, "facts": facts}] if facts else []}
        return self._send("POST", f"/movements/{movement_id}/questions/{question_id}/answer", body)

    def timeline(self, movement_id: str) -> list[Row]:
        """Return what happened to a movement."""
        rows: list[Row] = self._get(f"/movements/{movement_id}/timeline")["data"]
        return rows

    # Papers

    def upload(self, path: Path, movement_id: str = "") -> Row:
        """Hand in a file."""
        with path.open("rb") as file:
            parts = {"file": (path.name, file.read())}
        return self._ask("POST", "/files", files=parts, data={"subject": movement_id}, headers=_once())

    def add_permit(self, permit: Row) -> Row:
        """Add a permit."""
        return self._send("POST", "/permits", permit)

    # Queues

    def matters(self, **sought: str) -> Iterator[Row]:
        """Yield a queue, the most urgent first: ``tab`` is todo, mine, unclaimed or all."""
        return self._pages("/matters", **sought)

    def claim(self, matter: Row) -> Row:
        """Claim a matter."""
        return self._send("POST", f"/matters/{matter['id']}/claim", {"seen": matter["version"]})

    def ask(self, matter: Row, text: str, facts: list[str], due_at: str) -> Row:
        """Ask whoever filed for more."""
        body = {"text": text, "facts": facts, "due_at": due_at, "seen": matter["version"]}
        return self._send("POST", f"/matters/{matter['id']}/ask", body)

    def decide_matter(self, matter: Row, act: str, reason: str) -> Row:
        """Decide a matter by one of its acts."""
        body = {"act": act, "reason": reason, "seen": matter["version"]}
        return self._send("POST", f"/matters/{matter['id']}/decide", body)

    # How it is asked

    def _pages(self, path: str, **sought: str) -> Iterator[Row]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._get(path, cursor=cursor, **sought)
            yield from page["data"]
            cursor = page["next"]

    def _get(self, path: str, **sought: str) -> Row:
        return self._ask("GET", path, params=sought)

    def _send(self, method: str, path: str, body: Row | None, **headers: str) -> Row:
        return self._ask(method, path, json=body, headers={**_once(), **headers})

    def _ask(self, method: str, path: str, **given: Any) -> Row:
        """Ask; what was not answered, or came too fast, is asked again under the same key."""
        headers = {"Accept-Language": self.language, **given.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        for attempt in range(1, TRIES + 1):
            try:
                response = requests.request(
                    method, f"{self.url}/api/v1{path}", headers=headers, timeout=SECONDS, **given
                )
            except requests.ConnectionError:
                if attempt == TRIES:
                    raise
                time.sleep(attempt)
                continue
            if response.status_code == requests.codes.too_many and attempt < TRIES:
                time.sleep(int(response.headers["Retry-After"]))
                continue
            return _read(response)
        raise AssertionError("unreachable")


def _once() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _read(response: requests.Response) -> Row:
    body: Row = response.json()
    if not response.ok:
        raise Problem(response.status_code, body)
    if "ETag" in response.headers:
        body["etag"] = response.headers["ETag"]
    return body


def from_environment(variable: str = "RIVERLOOP_TOKEN") -> Client:
    """Return a client for RIVERLOOP_URL with the token of an environment variable."""
    return Client(os.environ.get("RIVERLOOP_URL", "http://127.0.0.1:8000"), os.environ.get(variable, ""))


def stop(line: str) -> NoReturn:
    """End a script with one line that says what to do."""
    sys.exit(line)
