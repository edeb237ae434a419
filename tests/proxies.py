"""A way between two nodes that breaks as a test wants: it passes on, cuts, holds back, alters, or is not there."""

import contextlib
import socket
import threading
import time


class Proxy:
    """Listens on a port of this computer and passes each connection on to another.

    Args:
        target: port to pass on to.

    Attributes:
        cut_after: bytes, both ways together, after which a connection is cut in the middle; None never.
        alter_at: place of a byte on the way there that arrives as another; None for none.
        delay_seconds: how long each part is held back.
        is_gone: whether nobody answers at all.
        passed: connections that were taken.
    """

    def __init__(self, target):
        self.target, self.passed = target, 0
        self.cut_after = self.alter_at = None
        self.delay_seconds, self.is_gone = 0.0, False
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.open = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def heal(self):
        """Pass everything on from now on."""
        self.cut_after = self.alter_at = None
        self.delay_seconds, self.is_gone = 0.0, False

    def close(self):
        self.is_gone = True
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for one in list(self.open):
            _end(one)

    def _listen(self):
        while True:
            try:
                caller, _ = self.listening.accept()
            except OSError:
                return
            if self.is_gone:
                caller.close()
                continue
            self.passed += 1
            threading.Thread(target=self._pass, args=(caller,), daemon=True).start()

    def _pass(self, caller):
        with contextlib.suppress(OSError), caller, socket.create_connection(("127.0.0.1", self.target)) as answerer:
            self.open |= {caller, answerer}
            count = [0]
            there = threading.Thread(target=self._copy, args=(caller, answerer, count, self.alter_at), daemon=True)
            there.start()
            self._copy(answerer, caller, count, None)
            there.join(30)
            self.open -= {caller, answerer}

    def _copy(self, source, sink, count, alter_at):
        limit, seen = self.cut_after, 0
        with contextlib.suppress(OSError):
            while part := source.recv(4_096):
                time.sleep(self.delay_seconds)
                if alter_at is not None and seen <= alter_at < seen + len(part):
                    place = alter_at - seen
                    part = part[:place] + bytes([part[place] ^ 1]) + part[place + 1 :]
                seen += len(part)
                if limit is not None and count[0] + len(part) >= limit:
                    sink.sendall(part[: limit - count[0]])
                    break
                count[0] += len(part)
                sink.sendall(part)
        _end(source)
        _end(sink)


def _end(one):
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
