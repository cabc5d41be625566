# SPDX-License-Identifier: GPL-2.0-or-later
"""CoAP messages (RFC 7252, 3): enough to look at datagrams on their way and to
play a client. Nothing here knows LwM2M."""
import struct

CON, NON, ACK, RST = range(4)
URI_PATH, CONTENT_FORMAT, URI_QUERY, LOCATION_PATH = 11, 12, 15, 8
MAX_AGE = 14
OBSERVE, ACCEPT, BLOCK2, BLOCK1 = 6, 17, 23, 27


class Message:
    def __init__(self, kind=CON, code=0, mid=0, token=b"", options=(),
                 payload=b""):
        self.kind, self.mid, self.token = kind, mid, token
        self.code = code if isinstance(code, int) else code_number(code)
        self.options, self.payload = list(options), payload

    @property
    def code_text(self):
        return f"{self.code >> 5}.{self.code & 31:02d}"

    def values(self, number):
        return [value for n, value in self.options if n == number]

    def number(self, number):
        found = self.values(number)
        return int.from_bytes(found[0], "big") if found else None

    @property
    def path(self):
        return "/" + "/".join(v.decode(errors="replace") for v in self.values(URI_PATH))

    def encode(self):
        out = struct.pack("!BBH", 0x40 | self.kind << 4 | len(self.token),
                          self.code, self.mid) + self.token
        last = 0
        for number, value in sorted(self.options, key=lambda o: o[0]):
            delta, more_delta = nibble(number - last)
            length, more_length = nibble(len(value))
            out += bytes([delta << 4 | length]) + more_delta + more_length
            out += value
            last = number
        return out + (b"\xff" + self.payload if self.payload else b"")

    def __repr__(self):
        kind = ("CON", "NON", "ACK", "RST")[self.kind]
        return (f"<{kind} {self.code_text} mid={self.mid} "
                f"token={self.token.hex()} {self.path} "
                f"{len(self.payload)} bytes>")


def code_number(text):
    upper, lower = text.split(".")
    return int(upper) << 5 | int(lower)


def nibble(n):
    if n < 13:
        return n, b""
    if n < 269:
        return 13, bytes([n - 13])
    return 14, struct.pack("!H", n - 269)


def _extend(n, data, at):
    if n == 13:
        return data[at] + 13, at + 1
    if n == 14:
        return struct.unpack_from("!H", data, at)[0] + 269, at + 2
    return n, at


def decode(data):
    """The message; ValueError when it is not one."""
    if len(data) < 4 or data[0] >> 6 != 1:
        raise ValueError("not CoAP")
    kind, token_length = data[0] >> 4 & 3, data[0] & 15
    code, mid = struct.unpack_from("!BH", data, 1)
    at = 4 + token_length
    message = Message(kind, code, mid, data[4:at])
    number = 0
    while at < len(data) and data[at] != 0xFF:
        delta, length = data[at] >> 4, data[at] & 15
        delta, at = _extend(delta, data, at + 1)
        length, at = _extend(length, data, at)
        number += delta
        message.options.append((number, data[at:at + length]))
        at += length
    message.payload = data[at + 1:]
    return message


def text_options(number, text, separator):
    return [(number, part.encode()) for part in text.split(separator) if part]


def uint(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")
