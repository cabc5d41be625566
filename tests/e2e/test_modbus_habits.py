# SPDX-License-Identifier: GPL-2.0-or-later
"""Modbus devices over TCP with habits of their own, as their users report
them: each is read whole, and what is wrong is said."""
import socket
import struct
import threading
import time

from harness import Site, wait_for

BLOCKS = (10, 1000, 2000)


class Device(threading.Thread):
    """Register N holds N. habit: "closes" after each answer; "id 0" in each
    answer; "deaf" for a moment after a connect; "full", one client at a
    time; "wide", four bytes a register; "gateway" to a device that is not
    there; "holes", an exception or None, silence, to more than one register."""

    def __init__(self, habit, holes=0):
        super().__init__(daemon=True)
        self.habit, self.holes = habit, holes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connects = self.unheard = 0
        self.start()

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connects += 1
            with client:
                self.serve(client, time.monotonic())

    def serve(self, client, since):
        while (request := client.recv(300)):
            if self.habit == "deaf" and time.monotonic() - since < 0.3:
                self.unheard += 1
                continue
            at, count = struct.unpack(">HH", request[8:12])
            refusal = 11 if self.habit == "gateway" else (
                self.holes if count > 1 else 0)
            if refusal is None:
                continue
            words = [word for n in range(at, at + count)
                     for word in ([0, n] if self.habit == "wide" else [n])]
            body = struct.pack(f">BBB{len(words)}H", request[6], request[7],
                               2 * len(words), *words)
            if refusal:
                body = bytes([request[6], request[7] | 0x80, refusal])
            id_ = b"\0\0" if self.habit == "id 0" else request[:2]
            client.sendall(id_ + struct.pack(">HH", 0, len(body)) + body)
            if self.habit == "closes":
                return


class Habits(Site):
    def start(self, habit, bus="", blocks=BLOCKS, **options):
        device = self.add(Device(habit, **options))
        self.server_ = self.server()
        points = "".join(f"      - {{name: p{at}, address: {at}, "
                         f"map: 3300/{i}}}\n" for i, at in enumerate(blocks))
        return device, self.gateway(self.server_.port, f"""\
buses:
  plant: {{adapter: modbus, transport: tcp, host: 127.0.0.1,
          tcp_port: {device.port}{bus}}}
devices:
  - endpoint: odd
    bus: plant
    unit: 1
    poll: 300ms
    points:
{points}""")

    def assert_read(self, blocks=BLOCKS):
        self.server_.registered("odd")
        for i, at in enumerate(blocks):
            self.server_.wait_value("odd", f"/3300/{i}/5700", at)

    def test_one_that_closes_after_each_answer_is_read_whole(self):
        device, gateway = self.start("closes")
        self.assert_read()
        wait_for(lambda: device.connects > 12, "more polls")
        self.assert_read()
        self.assertNotIn("bus is down", "\n".join(gateway.log()))

    def test_one_that_gives_no_transaction_id_is_read(self):
        self.start("id 0")
        self.assert_read()

    def test_one_that_is_deaf_at_first_has_its_time(self):
        device, _ = self.start("deaf", ", connect_delay: 2s, timeout: 5s")
        self.assert_read()
        self.assertEqual((device.connects, device.unheard), (1, 0))

    def test_one_with_room_for_one_is_let_go_between_polls(self):
        device, _ = self.start("full", ", close: after_poll")
        self.assert_read()
        with socket.create_connection(("127.0.0.1", device.port), 15) as s:
            s.settimeout(15)
            s.sendall(bytes([0, 7, 0, 0, 0, 6, 1, 3, 0, 9, 0, 1]))
            self.assertEqual(s.recv(20)[-2:], b"\0\x09")
        self.assert_read()

    def test_what_came_instead_is_said(self):
        gateway = self.start("wide")[1]
        gateway.wait_log("odd", "4 bytes where 2 were asked for")

    def test_what_a_gateway_says_is_said(self):
        gateway = self.start("gateway")[1]
        gateway.wait_log("odd", "exception 11, device behind the gateway does "
                         "not respond")

    def test_what_it_does_not_have_is_learnt(self):
        for holes in (1, 2, 3, 4, None):
            with self.subTest(exception=holes):
                self.start("holes", ", timeout: 500ms", (10, 13, 16),
                           holes=holes)
                self.assert_read((10, 13, 16))
