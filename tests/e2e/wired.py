# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plug-ins in tests/fake/adapters are wired to: GPIO lines that are
files, and a Bluetooth controller that is this process."""
import os
import pathlib
import shutil
import socket
import tempfile
import threading

from harness import WAIT, binary

ADAPTERS = binary("tests/fake/adapters")


class Wires:
    """Lines w0 to w7 of the one chip, "wires"."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lwmux-wires-"))
        self.pipes = []
        for n in range(8):
            pipe = self.directory / f"edge{n}"
            os.mkfifo(pipe)
            # Kept open, so that no byte is lost between two programs.
            self.pipes.append(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
        self.environment = {"LWMUX_WIRES": str(self.directory)}

    def edges(self, n, levels):
        """"101": up, down, up, all at once."""
        os.write(self.pipes[n], levels.encode())

    def pulses(self, n, count):
        self.edges(n, "10" * count)

    def level(self, n):
        """Of an output, as the wire carries it; None: never driven."""
        path = self.directory / f"level{n}"
        return int(path.read_text()) if path.exists() else None

    def set_level(self, n, level):
        """What a wire carries before anybody takes it."""
        (self.directory / f"level{n}").write_text(str(level))

    def end(self):
        for pipe in self.pipes:
            os.close(pipe)
        shutil.rmtree(self.directory, ignore_errors=True)


class Radio(threading.Thread):
    """Answers all commands of the adapter with Command Complete."""

    def __init__(self):
        super().__init__(daemon=True)
        self.directory = tempfile.mkdtemp(prefix="lwmux-radio-")
        path = os.path.join(self.directory, "hci")
        self.environment = {"LWMUX_HCI": path}
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(1)
        self.adapter = None
        self.listens = threading.Event()
        self.start()

    def run(self):
        while True:
            try:
                adapter, _ = self.listener.accept()
            except OSError:
                return
            self.adapter = adapter
            self._serve(adapter)

    def _serve(self, adapter):
        while True:
            try:
                command = adapter.recv(300)
                answer = command[1:3] + bytes(65)
                adapter.send(bytes([4, 0x0E, len(answer) + 1, 1]) + answer)
            except OSError:
                return self.listens.clear()
            if not command:
                return self.listens.clear()
            # LE Set Scan Enable, on
            if command[1:3] == b"\x0c\x20" and command[4] == 1:
                self.listens.set()

    def advertise(self, address, text):
        """A connectable, undirected report of a public address."""
        if not self.listens.wait(WAIT):
            raise AssertionError("the adapter does not scan")
        data = bytes.fromhex(text)
        reversed_ = bytes.fromhex(address.replace(":", ""))[::-1]
        report = (bytes([2, 1, 0, 0]) + reversed_ + bytes([len(data)]) +
                  data + bytes([256 - 60]))
        self.adapter.send(bytes([4, 0x3E, len(report)]) + report)

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.adapter:
            self.adapter.close()
        self.join(5)
        shutil.rmtree(self.directory, ignore_errors=True)


def bthome(packet, *objects, info=0x40):
    """A BTHome 2 advertisement: Service Data of FCD2, packet id first. info:
    0x44 of a device that sends only when something happens."""
    payload = bytes([info, 0x00, packet]) + b"".join(objects)
    return (bytes([len(payload) + 3, 0x16, 0xD2, 0xFC]) + payload).hex()
