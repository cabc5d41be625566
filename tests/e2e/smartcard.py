# SPDX-License-Identifier: GPL-2.0-or-later
"""A smart card with accounts of LwM2M (Core TS Appendix G), in the virtual reader
of a pcscd of its own: an ISO 7816 file system that the test fills."""
import random
import socket
import subprocess
import threading

from harness import WAIT, Program, wait_for
from scp03 import CardChannel

EF_DIR, APPLICATION = b"\x2f\0", b"\x7f\x50"
AID = bytes.fromhex("A000000063504B43532D3135")
ATR = bytes.fromhex("3B9F95801FC78031E073FE211B63E203E883")
ODF, DODF, BOOTSTRAP = b"\x50\x31", b"\x64\x30", b"\x64\x32"
PSK, NOSEC = 0, 3


def ber(tag, *parts):
    data = b"".join(parts)
    head = [len(data)] if len(data) < 128 else [0x82, *len(data).to_bytes(2, "big")]
    return bytes([tag, *head]) + data


def tlv(kind, number, data):
    """LwM2M TLV (Core TS 7.4.3); kind 0: an instance, 3: a resource."""
    head = kind << 6 | (0x20 if number > 255 else 0)
    n = len(data)
    size = b"" if n < 8 else n.to_bytes(1 if n < 256 else 2, "big")
    head |= n if n < 8 else len(size) << 3
    return (bytes([head]) + number.to_bytes(2 if number > 255 else 1, "big") +
            size + data)


def instance(number, resources):
    return tlv(0, number, b"".join(
        tlv(3, i, v if isinstance(v, bytes) else v.to_bytes(
            1 if v < 128 else 2 if v < 32768 else 4, "big"))
        for i, v in resources.items()))


def bootstrap(objects):
    """EF LwM2M_Bootstrap (G.3.3) of instances by object."""
    all_ = b"".join(number.to_bytes(2, "big") + b"\0" +
                    len(data).to_bytes(2, "big") + data
                    for number, data in objects.items())
    return len(objects).to_bytes(2, "big") + len(all_).to_bytes(2, "big") + all_


def account(uri, ssid=1, lifetime=300, identity=b"", key=b""):
    mode = PSK if key else NOSEC
    return bootstrap({
        0: instance(1, {0: uri.encode(), 1: 0, 2: mode, 3: identity, 4: b"",
                        5: key, 10: ssid}),
        1: instance(1, {0: ssid, 1: lifetime, 6: 0, 7: b"U"})})


def files(content):
    odf = ber(0xa7, ber(0x30, ber(4, DODF)))
    dodf = ber(0x30, ber(0x30, ber(0x0c, b"LwM2M Bootstrap")),
               ber(0x30, ber(0x06, bytes([0x67, 0x2b, 9, 1]))),
               ber(0xa1, ber(0x30, ber(4, BOOTSTRAP))))
    # As long as the issuer made it, with what is not written behind.
    return {ODF: odf + b"\xff" * 16, DODF: dodf + b"\xff" * 16,
            BOOTSTRAP: content + b"\xff" * 32}


class Card(threading.Thread):
    """In the reader from the start; .pulled() takes it out."""

    def __init__(self, port, content, pin=None, by_directory=False, keys=None):
        super().__init__(daemon=True)
        self.files = content if isinstance(content, dict) else files(content)
        self.pin, self.tries, self.open = pin, 3, pin is None
        self.by_directory = by_directory    # EF(DIR) alone knows the way
        self.verified = []
        # KEY_ENC and KEY_MAC, without which the accounts are not given.
        self.keys, self.channel = keys, None
        self.greeted = 0        # INITIALIZE UPDATE
        self.is_tampered = False    # on the way: what it says in the channel
        self.seen = threading.Event()   # by pcscd
        self.answers = True
        self.application = self.file = None
        self.socket = wait_for(lambda: self._connect(port), "the reader")
        self.start()

    @staticmethod
    def _connect(port):
        try:
            return socket.create_connection(("127.0.0.1", port), 5)
        except OSError:
            return None

    def pulled(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass                # pcscd was faster
        self.socket.close()

    def run(self):
        try:
            self.socket.settimeout(None)
            stream = self.socket.makefile("rwb")
            while head := stream.read(2):
                message = stream.read(int.from_bytes(head, "big"))
                answer = self._message(message)
                if answer is not None:
                    stream.write(len(answer).to_bytes(2, "big") + answer)
                    stream.flush()
        except (OSError, ValueError):
            pass

    def _message(self, message):
        if len(message) > 1:
            return self.command(message) if self.answers else b"\0"
        if message == b"\4":
            self.seen.set()
            return ATR
        self.application = self.file = self.channel = None
        self.open = self.pin is None
        return None

    def command(self, c):
        if self.keys and c[:2] == b"\x80\x50":
            self.greeted += 1
            self.channel = CardChannel(*self.keys, c[5:13])
            return self.channel.greeting()
        if self.channel and c[:2] == b"\x84\x82":
            return self.channel.authenticated(c)
        if not self._is_secure():
            return self._plain(c)
        c = self.channel.unwrapped(c)
        if not c:
            return b"\x69\x88"
        answer = self.channel.wrapped(self._plain(c))
        return bytes([answer[0] ^ self.is_tampered]) + answer[1:]

    def _is_secure(self):
        return self.channel and self.channel.open

    def _plain(self, c):
        ins, p1, p2, data = c[1], c[2], c[3], c[5:5 + c[4]] if len(c) > 5 else b""
        if ins == 0xa4:
            return self._select(p1, data)
        if ins == 0xb2 and self.file == EF_DIR:
            return self._record(p1)
        if ins == 0xb0:
            return self._read(p1 << 8 | p2, c[4] or 256)
        if ins == 0x20:
            return self._verify(data)
        return b"\x6d\0"

    def _select(self, p1, data):
        if p1 == 8 and data == EF_DIR and self.by_directory:
            self.file = EF_DIR
            return b"\x90\0"
        if (p1, data) == ((8, APPLICATION) if self.by_directory else (4, AID)):
            self.application = True
            return ber(0x62, ber(0xc6, b"\x90\1\x40\x83\1\1\x83\1\x81")) + b"\x90\0"
        if not self.application or p1 != 0 or data not in self.files:
            return b"\x6a\x82"
        self.file = data
        return ber(0x62, ber(0x83, data)) + b"\x90\0"

    @staticmethod
    def _record(number):
        if number > 1:
            return b"\x6a\x83"
        return ber(0x61, ber(0x4f, AID), ber(0x50, b"LwM2M"), ber(
            0x51, b"\x3f\0" + APPLICATION)) + b"\xff" * 8 + b"\x90\0"

    def _read(self, at, n):
        if self.file == BOOTSTRAP and (
                not self.open or self.keys and not self._is_secure()):
            return b"\x69\x82"
        content = self.files[self.file]
        if at >= len(content):
            return b"\x6b\0"
        part = content[at:at + n]
        return part + (b"\x90\0" if len(part) == n else b"\x62\x82")

    def _verify(self, data):
        if data:
            self.verified.append(data)
            self.open = data.rstrip(b"\xff") == self.pin
            self.tries = 3 if self.open else self.tries - 1
        return b"\x90\0" if data and self.open else bytes([0x63, 0xc0 | self.tries])


def _free_ports():
    """Two in a row, for the reader's two slots; not of those that connections
    take for themselves."""
    while True:
        port = random.randrange(10000, 30000)
        try:
            for offset in range(2):
                with socket.create_server(("", port + offset)):
                    pass
            return port
        except OSError:
            pass                # taken


class ReaderSite:
    """A pcscd with a reader, which has no card yet."""

    def __init__(self, directory):
        self.port = _free_ports()
        self.socket = f"{directory}/pcscd/pcscd.comm"
        self.environment = {"PCSCLITE_CSOCK_NAME": self.socket}
        with open(f"{directory}/reader.conf", "w", encoding="ascii") as conf:
            conf.write('FRIENDLYNAME "Test reader"\n'
                       f"DEVICENAME /dev/null:{self.port:#x}\n"
                       "LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\n"
                       f"CHANNELID {self.port:#x}\n")
        subprocess.run(["mkdir", f"{directory}/pcscd"], check=True)
        self.directory = directory
        self.daemon = None
        self.cards = []

    def start(self):
        # Its place is compiled in: it gets a /run of its own.
        self.daemon = Program(
            ["unshare", "-r", "-m", "sh", "-ec",
             "mount -t tmpfs none /run; mkdir /run/pcscd; "
             f"mount --bind {self.directory}/pcscd /run/pcscd; "
             # Of newer ones, which would ask a polkit that is not there.
             "open=$(/usr/sbin/pcscd --help 2>&1 | "
             "grep -o -e --disable-polkit || true); "
             "exec /usr/sbin/pcscd -f $open "
             f"-c {self.directory}/reader.conf"],
            "pcscd")
        wait_for(lambda: subprocess.run(["test", "-S", self.socket],
                                        check=False).returncode == 0,
                 "pcscd's socket", 2 * WAIT)

    def insert(self, content, pin=None, by_directory=False, keys=None, slot=0):
        self.cards.append(Card(self.port + slot, content, pin, by_directory,
                               keys))
        return self.cards[-1]

    def stop(self):
        self.daemon.end()
        self.daemon = None

    def end(self):
        for card in self.cards:
            card.pulled()
        if self.daemon:
            self.stop()
