# SPDX-License-Identifier: GPL-2.0-or-later
"""A CoAP server of packages: GET with Block2, and the ways it can go wrong."""
import socket
import threading

import coap
from coap import ACK, CON, Message

ETAG, BLOCK2 = 4, 23


class PackageServer(threading.Thread):
    """files: path -> bytes. break_at: answers no block from this on;
    hold_at: nor from this on, until let_go();
    change_at: another file from this block on; largest: bytes of a block."""

    def __init__(self, files):
        super().__init__(daemon=True)
        self.files = files
        self.break_at = self.change_at = self.hold_at = None
        self.held = []          # what let_go() answers: (bytes, peer)
        self.largest = 1024
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(2048)
            except OSError:
                return
            if not data:
                return
            request = coap.decode(data)
            if request.kind == CON and request.code:
                answer = self.answer(request)
                if not answer:
                    continue
                if self.hold_at is not None and \
                        self.asked[-1][2] >= self.hold_at:
                    self.held.append((answer.encode(), peer))
                else:
                    self.socket.sendto(answer.encode(), peer)

    def let_go(self):
        self.hold_at = None
        for data, peer in self.held:
            self.socket.sendto(data, peer)

    def answer(self, request):
        path = "/".join(v.decode() for v in request.values(coap.URI_PATH))
        query = [v.decode() for v in request.values(coap.URI_QUERY)]
        wanted = request.values(BLOCK2)
        value = int.from_bytes(wanted[0], "big") if wanted else 6
        size = min(16 << (value & 7), self.largest)
        number = (value >> 4) * (16 << (value & 7)) // size
        self.asked.append((path, query, number))
        body = self.files.get(path)
        if body is None:
            return Message(ACK, "4.04", request.mid, request.token, [], b"")
        if self.break_at is not None and number >= self.break_at:
            return None
        tag = b"b" if self.change_at is not None and \
            number >= self.change_at else b"a"
        part = body[number * size:(number + 1) * size]
        more = (number + 1) * size < len(body)
        szx = size.bit_length() - 5
        block = (number << 4 | more << 3 | szx)
        raw = block.to_bytes(max(1, (block.bit_length() + 7) // 8), "big")
        return Message(ACK, "2.05", request.mid, request.token,
                       [(ETAG, tag), (BLOCK2, raw)], part)

    def end(self):
        self.socket.sendto(b"", ("127.0.0.1", self.port))
        self.join(5)
        self.socket.close()
