"""Programs of the cast: each asks the API with a token of its own."""

import json
from dataclasses import dataclass

from django.test import Client

from riverloop.apps.parties.tokens import token_make
from riverloop.apps.parties.words import TOKEN_SCOPES

BLOOD = {"category": "human_blood", "suspected_infectious": True}
DECLARED = {"flow": "goods", "direction": "cn-hk", "at": "2026-11-25T09:00:00+08:00", "facts": BLOOD}


def token_for(user, *, scopes=tuple(TOKEN_SCOPES), second_factor=True):
    """Return the text of a new token."""
    return token_make(user=user, name="tests", scopes=scopes, days=30, with_second_factor=second_factor)[1]


@dataclass
class Program:
    """Asks with a token, or without one."""

    token: str = ""
    language: str = "en"

    def ask(self, method, path, body=None, **headers):
        """Ask; an object is sent as JSON, and bytes as they are."""
        sent = {"Accept-Language": self.language, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = sent.pop("Content-Type", "application/json")
        client = Client(raise_request_exception=False)
        address = path if path.startswith("/api") else f"/api/v1{path}"
        return client.generic(method, address, data, content_type=content_type, headers=sent)

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, {} if body is None else body, **headers)

    def patch(self, path, body, **headers):
        return self.ask("PATCH", path, body, **headers)

    def upload(self, path, **parts):
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.language}
        return Client(raise_request_exception=False).post(f"/api/v1{path}", parts, headers=headers)


def program_of(user, **options):
    return Program(token_for(user, **options))


def is_problem(response, status, name=""):
    """Say whether an answer is the problem that it has to be, with all of its members."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "instance", "code"}, body
    assert body["status"] == response.status_code, body
    assert response.status_code == status, body
    assert not name or body["type"] == f"/api/#problem-{name}", body
    return True
