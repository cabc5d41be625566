# SPDX-License-Identifier: GPL-2.0-or-later
"""From a sample on the wire to its Notify on the wire (Modbus TCP), for kernel.

This process is both ends: a slave whose register is another number at each
read, and a server that observes it. The time between its answer to the read and
the arrival of the notification with that number, on one clock, is what lwmuxd
takes, with two turns of the kernel and of this program: an upper bound. It runs
on the second CPU."""
import os
import selectors
import socket
import statistics
import struct
import time

UNITS = 10                      # at 100 reads/s each: 1,000/s
POLL = "10ms"
SECONDS = 3
PATIENCE = 60
POST = 2                        # CoAP, RFC 7252 12.1
ACK, CON = 2, 0


class Ends:
    """The slave and the server."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.coap = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.coap.bind(("127.0.0.1", 0))
        self.slave = socket.create_server(("127.0.0.1", 0))
        self.ports = (self.coap.getsockname()[1], self.slave.getsockname()[1])
        self.selector.register(self.coap, selectors.EVENT_READ, self.server)
        self.selector.register(self.slave, selectors.EVENT_READ, self.accept)
        self.connections = []
        self.value, self.answered = 0, {}
        self.latencies, self.observed = [], set()

    def close(self):
        for end in (self.coap, self.slave, *self.connections, self.selector):
            end.close()

    def accept(self):
        connection = self.slave.accept()[0]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections.append(connection)
        self.selector.register(connection, selectors.EVENT_READ,
                               lambda: self.read(connection))

    def read(self, connection):
        """Whole requests: the gateway sends no second before the answer."""
        data = connection.recv(260)
        if not data:
            self.selector.unregister(connection)
            return
        transaction, _, _, unit, function, _, count = struct.unpack(
            ">HHHBBHH", data[:12])
        if function != 3 or count != 1:
            raise RuntimeError(f"a request that was not expected: {data.hex()}")
        self.value = (self.value + 1) % 65536
        self.answered[self.value] = time.monotonic()
        connection.sendall(struct.pack(">HHHBBBH", transaction, 0, 5, unit,
                                       function, 2, self.value))

    def server(self):
        now = time.monotonic()
        data, peer = self.coap.recvfrom(1500)
        kind, code = data[0] >> 4 & 3, data[1]
        identity, token = data[2:4], data[4:4 + (data[0] & 15)]
        if code == POST:
            # 2.01 with Location-Path rd/1, then GET /3303/0/5700 with Observe.
            self.coap.sendto(bytes([0x60 | len(token), 0x41]) + identity +
                             token + b"\x82rd\x011", peer)
            self.coap.sendto(b"\x41\x01" + os.urandom(2) + b"\x01" +
                             b"\x60\x543303\x010\x045700\x60", peer)
        elif code == 0x45:
            self.observed.add(peer)
            self.take(data, now)
        elif code >> 5 == 0 and code:   # an Update, a Deregister
            self.coap.sendto(bytes([0x60 | len(token), 0x44]) + identity +
                             token, peer)
        if code == 0x45 and kind == CON:
            self.coap.sendto(b"\x60\x00" + identity, peer)

    def take(self, data, now):
        _, _, payload = data.rpartition(b"\xff")
        sent = self.answered.pop(int(payload), None)
        if sent is not None:
            self.latencies.append(now - sent)

    def serve(self, seconds, until=lambda: False):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            for key, _ in self.selector.select(0.1):
                key.data()


def configure(etc, slave):
    units = "".join(
        f"  - {{endpoint: wire-{unit}, bus: plant, unit: {unit}, "
        f"poll: {POLL}, points: [{{name: t, table: holding, address: 0, "
        "type: uint16, map: 3303/0, unit: Cel}]}\n"
        for unit in range(1, UNITS + 1))
    (etc / "conf.d/wire.yaml").write_text(
        "buses:\n  plant: {adapter: modbus, transport: tcp, host: 127.0.0.1, "
        f"tcp_port: {slave}}}\ndevices:\n{units}")


def measure(build, tools):
    """(50th, 99th percentile in ms, notifications/s)."""
    cpus = os.sched_getaffinity(0)
    ends = Ends()
    try:
        with tools.Daemon(build, ends.ports[0], 0, "1h",
                          lambda etc, _: configure(etc, ends.ports[1])
                          ) as daemon:
            tools.pin(1)()
            ends.serve(PATIENCE, lambda: len(ends.observed) == UNITS)
            daemon.check()
            if len(ends.observed) < UNITS:
                raise RuntimeError(f"{len(ends.observed)} of {UNITS} observed")
            ends.serve(1)
            ends.latencies.clear()
            ends.serve(SECONDS)
    finally:
        ends.close()
        os.sched_setaffinity(0, cpus)
    if len(ends.latencies) < 2:
        raise RuntimeError("no value came back")
    parts = statistics.quantiles(ends.latencies, n=100)
    return (parts[49] * 1e3, parts[98] * 1e3, len(ends.latencies) / SECONDS)
