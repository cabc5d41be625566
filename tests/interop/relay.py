# SPDX-License-Identifier: GPL-2.0-or-later
"""A UDP relay between the gateway and a server that keeps what it saw.

A real server does not tell everything: whether notifications really stop
after a Reset, or which parameters an Update carried. The datagrams do.
"""
import pathlib
import selectors
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import coap                      # noqa: E402: found by the line above


class Datagram:
    """One CoAP message, when it passed, in which direction, and whose."""

    def __init__(self, data, at, up, client):
        message = coap.decode(data)
        self.at, self.up, self.client = at, up, client
        self.type, self.code = message.kind, message.code_text
        self.mid, self.token = message.mid, message.token
        self.path, self.payload = message.path, message.payload
        self.values = message.values
        self.query = [v.decode() for v in message.values(coap.URI_QUERY)]
        self.observe = message.number(coap.OBSERVE)

    def __repr__(self):
        kind = ("CON", "NON", "ACK", "RST")[self.type]
        return (f"{self.at:.3f} {self.client} {'->' if self.up else '<-'} "
                f"{kind} {self.code} {self.path}?{'&'.join(self.query)} "
                f"token={self.token.hex()} {self.payload!r}")


class Relay:
    """Listens on a free port of 127.0.0.1; one upstream port per client."""

    def __init__(self, port):
        self._server = ("127.0.0.1", port)
        self._selector = selectors.DefaultSelector()
        self._down = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._down.bind(("127.0.0.1", 0))
        self._selector.register(self._down, selectors.EVENT_READ)
        self._clients = {}
        self._seen = []
        self._lock = threading.Lock()
        self._open = True
        self.uri = f"coap://127.0.0.1:{self._down.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while self._open:
            for key, _ in self._selector.select(0.2):
                try:
                    self._pass(key.fileobj, key.data)
                except OSError:      # nobody listens there: UDP may lose
                    pass

    def _pass(self, sock, client):
        data, sender = sock.recvfrom(65536)
        at = time.monotonic()
        up = sock is self._down
        client = client or sender
        try:
            datagram = Datagram(data, at, up, client[1])
        except ValueError as e:
            print(f"relay: {data!r} of {client}: {e}", file=sys.stderr)
        else:
            with self._lock:
                self._seen.append(datagram)
        if up:
            self._upstream(client).send(data)
        else:
            self._down.sendto(data, client)

    def _upstream(self, client):
        if client not in self._clients:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect(self._server)
            self._clients[client] = sock
            self._selector.register(sock, selectors.EVENT_READ, client)
        return self._clients[client]

    def mark(self):
        with self._lock:
            return len(self._seen)

    def seen(self, since=0, match=None):
        with self._lock:
            return [m for m in self._seen[since:] if not match or match(m)]

    def client_of(self, endpoint):
        """The client port from which an endpoint registered last."""
        found = self.seen(match=lambda m: m.up and m.code == "0.02"
                          and f"ep={endpoint}" in m.query)
        return found[-1].client if found else None

    def stop(self):
        self._open = False
        self._thread.join()
        for sock in (self._down, *self._clients.values()):
            sock.close()
        self._selector.close()
