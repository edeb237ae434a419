"""Files in posted forms: kept in memory within what their page takes; beyond that nothing of them is kept.

Nothing that is handed in touches the disk before it is checked and sealed.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.urls import Resolver404, resolve


class UploadHandler(FileUploadHandler):
    """Counts every file of a request together, and refuses as soon as they are too many bytes."""

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        request: Any = self.request
        self.asked = request
        self.most = most_bytes(request)
        self.taken = 0
        if content_length > self.most + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:  # with the form around them
            self._refuse()

    def new_file(self, *arguments: Any, **named: Any) -> None:
        super().new_file(*arguments, **named)
        self.parts: list[bytes] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.taken += len(raw_data)
        if self.taken > self.most:
            self.parts.clear()
            self._refuse()
        self.parts.append(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        content = BytesIO(b"".join(self.parts))
        self.parts = []
        return InMemoryUploadedFile(
            file=content,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def _refuse(self) -> None:
        self.asked.most_bytes = self.most  # for the page that says so
        raise RequestDataTooBig("The files of this form are larger than its page takes.")


def most_bytes(request: HttpRequest) -> int:
    """Return how many bytes of files a request's page takes."""
    from riverloop.web.access import PAGES  # noqa: PLC0415 - its models need Django to be set up
    from riverloop.web.api.operations import page_name  # noqa: PLC0415 - the same

    try:  # a page's form is read before its address is resolved, a program's afterwards
        page = PAGES.get(page_name(request) if request.resolver_match else resolve(request.path_info).view_name)
    except Resolver404:
        page = None
    return page.files_bytes if page and page.files_bytes else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
