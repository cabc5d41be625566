# SPDX-License-Identifier: GPL-2.0-or-later
"""A server of CoAP over TCP (RFC 8323) that is a bare socket: it takes the
Register of one endpoint, and sends and gets bytes as they are."""
import ssl

import coap
from harness import PATIENCE

CSM, PING, PONG, RELEASE, ABORT = ("7.01", "7.02", "7.03", "7.04", "7.05")
MAIN = """\
gateway: {{name: e2e}}
servers:
  - id: 1
    uri: coap+tcp://127.0.0.1:{port}
    lifetime: 5min
"""


def frame(message):
    """3.2: length and token length, the extended length, code, token, rest."""
    rest = coap.Message(coap.CON, message.code, 0, b"", message.options,
                        message.payload).encode()[4:]
    n = len(rest)
    nibble, more = (n, b"") if n < 13 else (13, bytes([n - 13])) if n < 269 \
        else (14, (n - 269).to_bytes(2, "big")) if n < 65805 \
        else (15, (n - 65805).to_bytes(4, "big"))
    return bytes([nibble << 4 | len(message.token)]) + more + \
        bytes([message.code]) + message.token + rest


class Ended(Exception):
    """The other side has closed the connection."""


class Line:
    """One connection of the gateway's."""

    def __init__(self, accepted):
        self.socket = accepted
        self.settled = False

    def bytes(self, n):
        out = b""
        while len(out) < n:
            got = self.socket.recv(n - len(out))
            if not got:
                raise Ended
            out += got
        return out

    def next(self, timeout=5):
        """The next message; TimeoutError: none comes; Ended: it is over.
        Settings may come again (5.3), and libcoap's do over TLS: the first."""
        self.socket.settimeout(timeout * max(1, PATIENCE))
        try:
            head = self.bytes(1)[0]
            n = head >> 4
            if n == 13:
                n = self.bytes(1)[0] + 13
            elif n == 14:
                n = int.from_bytes(self.bytes(2), "big") + 269
            elif n == 15:
                n = int.from_bytes(self.bytes(4), "big") + 65805
            code = self.bytes(1)[0]
            token = self.bytes(head & 15)
            rest = self.bytes(n)
        except (ConnectionResetError, ssl.SSLError):
            raise Ended from None
        whole = coap.decode(bytes([0x40, code, 0, 0]) + rest)
        whole.token = token
        if whole.code_text == CSM and self.settled:
            return self.next(timeout)
        self.settled |= whole.code_text == CSM
        return whole

    def say(self, *messages):
        """All at once."""
        self.socket.sendall(b"".join(
            m if isinstance(m, bytes) else frame(m) for m in messages))

    def close(self):
        self.socket.close()
