# SPDX-License-Identifier: GPL-2.0-or-later
"""A bootstrap server for the whole-program tests: a thread on a UDP port that
plays a list of requests to whoever asks at /bs, and keeps the answers."""
import select
import socket
import struct
import threading
import time

import coap
from harness import WAIT, wait_for

GET, POST, PUT, DELETE = 1, 2, 3, 4
TLV, LINK, SENML_JSON, SENML_CBOR, TEXT = 11542, 40, 110, 112, 0
BEGIN = int(time.time())


def tlv(resource, value):
    """One single resource; value: bytes, text, bool or a number."""
    if isinstance(value, bool):
        value = bytes([value])
    elif isinstance(value, int):
        size = next(n for n in (1, 2, 4, 8)
                    if -(1 << (8 * n - 1)) <= value < 1 << (8 * n - 1))
        value = value.to_bytes(size, "big", signed=True)
    elif isinstance(value, str):
        value = value.encode()
    return _head(0xC0, resource, len(value)) + value


def _head(kind, ident, n):
    kind |= 0x20 if ident > 255 else 0
    ident = struct.pack("!H" if ident > 255 else "!B", ident)
    if n < 8:
        return bytes([kind | n]) + ident
    if n < 256:
        return bytes([kind | 8]) + ident + bytes([n])
    return bytes([kind | 16]) + ident + struct.pack("!H", n)


def tlv_many(resource, elements):
    inner = b"".join(_head(0x40, i, len(v)) + v for i, v in elements)
    return _head(0x80, resource, len(inner)) + inner


class Step:
    def __init__(self, method, path, payload=b"", form=None, accept=None):
        self.method, self.path, self.payload = method, path, payload
        self.form, self.accept = form, accept
        self.answer = None

    def options(self):
        out = coap.text_options(coap.URI_PATH, self.path, "/")
        if self.form is not None:
            out.append((coap.CONTENT_FORMAT, coap.uint(self.form)))
        if self.accept is not None:
            out.append((coap.ACCEPT, coap.uint(self.accept)))
        return out


def delete(path):
    return Step(DELETE, path)


def put(path, *resources, form=TLV):
    return Step(PUT, path, b"".join(resources), form)


def discover(path=""):
    return Step(GET, path, accept=LINK)


def read(path, accept=TLV):
    return Step(GET, path, accept=accept)


def finish():
    return Step(POST, "bs")


def security(instance, uri, ssid, *more):
    return put(f"0/{instance}", tlv(0, uri), tlv(1, False), tlv(2, 3),
               tlv(10, ssid), *more)


def account(instance, ssid, lifetime=300, *more):
    return put(f"1/{instance}", tlv(0, ssid), tlv(1, lifetime),
               tlv(6, False), tlv(7, "U"), *more)


def usual(port, ssid=101, lifetime=300, *more):
    """A session that gives one server on loopback."""
    return [delete("0"), delete("1"),
            security(1, f"coap://127.0.0.1:{port}", ssid),
            account(0, ssid, lifetime, *more), finish()]


class Session:
    def __init__(self, endpoint, address, steps, query):
        self.endpoint, self.address, self.query = endpoint, address, query
        self.steps, self.at = list(steps), 0
        self.datagram, self.again, self.tries = None, 0, 0
        self.done = False

    @property
    def codes(self):
        return [s.answer and s.answer.code_text for s in self.steps]


class BootstrapServer(threading.Thread):
    """script: steps for every endpoint, or a function of its name; None
    refuses it with `refusal`."""

    def __init__(self, script=None, refusal="4.00"):
        super().__init__(daemon=True)
        self.script, self.refusal = script, refusal
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.uri = f"coap://127.0.0.1:{self.port}"
        self.sessions, self.asked, self.addresses = [], [], {}
        self.mid = 1
        self.pack = None        # of LwM2M 1.2: a payload
        self.storm = None       # steps of the session after each session
        self.silent = False
        self.running = True
        self.lock = threading.RLock()
        self.start()

    def run(self):
        while self.running:
            ready, _, _ = select.select([self.socket], [], [], 0.1)
            with self.lock:
                if ready:
                    data, address = self.socket.recvfrom(65536)
                    self._came(coap.decode(data), address)
                self._repeat()

    def _pack(self, message, address):
        """GET /bspack: a block of self.pack, or 4.04."""
        self.asked.append((message.path, dict(
            v.decode().partition("=")[::2]
            for v in message.values(coap.URI_QUERY))))
        reply = coap.Message(coap.ACK, "4.04", message.mid, message.token)
        if self.pack is not None:
            number = (message.number(coap.BLOCK2) or 0) >> 4
            part = self.pack[number * 64:(number + 1) * 64]
            more = len(self.pack) > (number + 1) * 64
            reply.code = coap.code_number("2.05")
            reply.payload = part
            reply.options = [
                (coap.CONTENT_FORMAT, coap.uint(SENML_JSON)),
                (coap.BLOCK2, coap.uint(number << 4 | more << 3 | 2))]
        self.socket.sendto(reply.encode(), address)

    def _came(self, message, address):
        if message.code == GET and message.path.endswith("pack"):
            self._pack(message, address)
            return
        if message.code == POST and message.kind == coap.CON:
            self._asked(message, address)
            return
        if message.code and message.kind == coap.CON:   # not in the ACK
            self.socket.sendto(coap.Message(
                coap.ACK, "0.00", message.mid, b"").encode(), address)
        for session in self.sessions:
            if session.address == address and not session.done and \
                    message.code and session.datagram and \
                    message.token == session.datagram.token:
                session.steps[session.at].answer = message
                session.at += 1
                self._next(session)

    def _asked(self, message, address):
        query = dict(v.decode().partition("=")[::2]
                     for v in message.values(coap.URI_QUERY))
        name = query.get("ep", "")
        self.asked.append((message.path, query))
        if self.silent:
            return
        self.addresses[name] = address
        script = self.script(name) if callable(self.script) else self.script
        code = self.refusal if script is None else "2.04"
        self.socket.sendto(coap.Message(
            coap.ACK, code, message.mid, message.token).encode(), address)
        if script is not None:
            self.begin(name, script, query)

    def begin(self, name, script, query=None):
        """Also unasked, where the endpoint's address is known."""
        with self.lock:
            session = Session(name, self.addresses[name], script, query)
            self.sessions.append(session)
            self._next(session)
        return session

    def _next(self, session):
        if session.at == len(session.steps):
            session.done = True
            if self.storm:
                self.begin(session.endpoint, self.storm(), session.query)
            return
        step = session.steps[session.at]
        self.mid += 1
        session.datagram = coap.Message(
            coap.CON, step.method, self.mid & 0xFFFF,
            struct.pack("!I", self.mid), step.options(), step.payload)
        session.again, session.tries = time.monotonic() + 2, 0
        self.socket.sendto(session.datagram.encode(), session.address)

    def _repeat(self):
        now = time.monotonic()
        for session in self.sessions:
            if session.done or now < session.again or session.tries > 3:
                continue
            session.tries += 1
            session.again = now + 4 * session.tries
            self.socket.sendto(session.datagram.encode(), session.address)

    def mark(self):
        return len(self.sessions)

    def wait(self, endpoint, after=0, timeout=WAIT):
        """The session with this endpoint, when it is through."""
        return wait_for(lambda: next(
            (s for s in self.sessions[after:]
             if s.endpoint == endpoint and s.done), None),
            f"bootstrap of {endpoint}", timeout)

    def end(self):
        self.running = False
        self.join(5)
        self.socket.close()
        return 0


class Streamed(threading.Thread):
    """The same server over TCP, or TLS where there is a context for it (RFC
    8323): messages pass on to it as datagrams, and back."""
    CSM, PING, PONG = 0xE1, 0xE2, 0xE3

    def __init__(self, server, tls=None):
        super().__init__(daemon=True)
        self.server, self.tls = server, tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.running, self.mid = True, 0
        self.start()

    def run(self):
        while self.running:
            if select.select([self.listener], [], [], 0.1)[0]:
                stream, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(stream,),
                                 daemon=True).start()

    def _serve(self, stream):
        try:
            if self.tls:
                stream = self.tls.wrap_socket(stream, server_side=True)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up, \
                    stream:
                up.connect(("127.0.0.1", self.server.port))
                stream.sendall(bytes([0, self.CSM]))
                threading.Thread(target=self._back, args=(up, stream),
                                 daemon=True).start()
                self._forth(stream.makefile("rb"), stream, up)
        except OSError:
            pass                # it has gone, or was not let in

    def _forth(self, file, stream, up):
        while head := file.read(1):
            extended = {13: 1, 14: 2, 15: 4}.get(head[0] >> 4, 0)
            length = head[0] >> 4 if not extended else (
                int.from_bytes(file.read(extended), "big") +
                {1: 13, 2: 269, 4: 65805}[extended])
            code = file.read(1)[0]
            token = file.read(head[0] & 15)
            rest = file.read(length)
            if code == self.PING:
                stream.sendall(bytes([len(token), self.PONG]) + token)
            if code >> 5 == 7:
                continue
            self.mid += 1
            kind = coap.CON if code < 32 else coap.ACK
            up.send(struct.pack("!BBH", 0x40 | kind << 4 | len(token), code,
                                self.mid & 0xFFFF) + token + rest)

    @staticmethod
    def _back(up, stream):
        try:
            while data := up.recv(65536):
                n = data[0] & 15
                if data[1]:
                    nibble, more = coap.nibble(len(data) - 4 - n)
                    stream.sendall(bytes([nibble << 4 | n]) + more +
                                   bytes([data[1]]) + data[4:])
        except OSError:
            pass

    def end(self):
        self.running = False
        self.join(5)
        self.listener.close()
        return 0
