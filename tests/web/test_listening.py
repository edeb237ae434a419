"""Who is cut off at the listener is told of, and can fill neither the memory nor the log by trying again."""

import logging

import pytest

from riverloop.web import listening

SAID = [
    "TLS handshake failed: NoCertificatesPresented",
    "TLS handshake failed: InvalidCertificate(UnknownIssuer)",
]


def say(handler, text):
    handler.emit(logging.LogRecord("_granian", logging.DEBUG, "", 0, text, None, None))


@pytest.fixture
def told(monkeypatch):
    lines = []
    monkeypatch.setattr(listening, "_refused", lines.append)

    class AtOnce:
        def __init__(self, *, target, args, **_):
            self.start = lambda: target(*args)

    monkeypatch.setattr(listening, "Thread", AtOnce)
    return lines


def test_each_sort_of_stranger_is_told_of_once_in_a_while_however_often_they_come(told, monkeypatch):
    clock = [1_000.0]
    monkeypatch.setattr(listening.time, "monotonic", lambda: clock[0])
    handler = listening._Handshakes()
    for _ in range(100):
        for text in SAID:
            say(handler, text)
    assert len(told) == len(set(told)) == 2
    clock[0] += 31
    say(handler, SAID[0])
    assert len(told) == 3
