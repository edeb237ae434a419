"""A write happens whole or not at all, and under one Idempotency-Key once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from riverloop.apps.parties.idempotency import Asked, key_release, key_settle, key_take
from riverloop.apps.parties.models import IdempotencyKey
from riverloop.web.api import operations, problems
from riverloop.web.api.again import check_seen_again

_REFUSED = 400  # this status and those above it
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")

Run = Callable[..., HttpResponse]


def once(run: Run) -> Run:
    """Wrap the run of an operation; one that needs no token writes nothing and is left as it is."""

    @wraps(run)
    def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        token = getattr(request, "api_token", None)
        if request.method == "GET" or token is None or not _writes(request):
            return run(request, *args, **named)
        key = request.headers.get("Idempotency-Key")
        try:
            row = None if key is None else key_take(token=token, asked=_asked(request, key))
            if row is not None and row.status is not None:
                check_seen_again(user=token.user, row=row)
                return _replayed(row)
            return _whole(request, row, lambda: run(request, *args, **named))
        except Exception as error:
            found = problems.of_exception(request, error)
            if found is None:
                raise
            return found

    return answered


def _writes(request: HttpRequest) -> bool:
    operation = operations.operation_of(request)
    return operation is not None and bool(operation.auth_callbacks)


def _whole(request: HttpRequest, row: IdempotencyKey | None, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run in one transaction, with the answer kept in it; what was refused leaves nothing behind."""
    try:
        with transaction.atomic():
            response = run()
            if response.status_code >= _REFUSED:
                transaction.set_rollback(True)
            elif row is not None:
                key_settle(row=row, status=response.status_code, answer=_written(response))
    except BaseException:
        if row is not None:
            key_release(row=row)
        raise
    if row is not None and response.status_code >= _REFUSED:
        key_release(row=row)
    return response


def _written(response: HttpResponse) -> str:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return json.dumps({"headers": headers, "body": response.content.decode()})


def _replayed(row: IdempotencyKey) -> HttpResponse:
    kept = json.loads(row.answer)
    headers = {**kept["headers"], "Idempotency-Replayed": "true"}
    return HttpResponse(kept["body"], status=row.status, headers=headers)


def _asked(request: HttpRequest, key: str) -> Asked:
    return Asked(key, f"{request.method} {request.path}"[:200], _digest(request))


def _digest(request: HttpRequest) -> str:
    """Hash what was sent. A form is hashed by its parts: what stands between them is new each time it is sent."""
    digest = hashlib.sha256(request.headers.get("If-Match", "").encode())
    parts = _form_parts(request) if operations.content_type_of(request) == operations.FORM else [request.body]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _form_parts(request: HttpRequest) -> Iterable[bytes]:
    for name, values in sorted(request.POST.lists()):
        yield from (name.encode(), *(str(value).encode("utf-8", "surrogatepass") for value in values))
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield from (name.encode(), (file.name or "").encode("utf-8", "surrogatepass"), *_chunks(file))


def _chunks(file: UploadedFile) -> Iterable[bytes]:
    yield from file.chunks()
    file.seek(0)
