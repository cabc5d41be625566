# SPDX-License-Identifier: GPL-2.0-or-later
"""What one peer may hold of the gateway (agent/base/limits.h), whatever it
does: the others do not notice."""
import contextlib
import socket
import threading
import time

import sites
from harness import PATIENCE, Site, wait_for

CSM = b"\x00\xe1"
GET = b"\x21\x01\x07\xb1\x33"                       # /3
PING = b"\x08\xe2tokenlet"
PONG = b"\x00\xe3"


class Asking(threading.Thread):
    """A server over TCP that takes a Register, then asks, `many` at a time, and
    reads nothing. again: it was hung up on."""

    def __init__(self, many, pause, what=GET):
        super().__init__(daemon=True)
        self.many, self.pause = what * many, pause
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.again = threading.Event()
        self.start()

    def frame(self, s):
        """(code, token) of the next message."""
        head = self.exactly(s, 1)[0]
        n = head >> 4
        if n == 13:
            n = 13 + self.exactly(s, 1)[0]
        elif n == 14:
            n = 269 + int.from_bytes(self.exactly(s, 2), "big")
        code = self.exactly(s, 1)[0]
        token = self.exactly(s, head & 15)
        self.exactly(s, n)
        return code, token

    @staticmethod
    def exactly(s, n):
        data = b""
        while len(data) < n:
            more = s.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def run(self):
        s, _ = self.listener.accept()
        with s:
            s.sendall(CSM)
            code = None
            while code != 2:
                code, token = self.frame(s)
            s.sendall(bytes([5 << 4 | len(token), 0x41]) + token +
                      b"\x82rd\x011")
            try:
                while True:
                    s.sendall(self.many)
                    time.sleep(self.pause)
            except ConnectionError:
                pass
        self.listener.accept()[0].close()
        self.again.set()


class Streams(Site):
    def cut_off(self, why, **asking):
        server = Asking(**asking)
        self.addCleanup(server.listener.close)
        good = self.server()
        site = self.gateway(1, sites.SIM.replace(
            "poll:", "servers: [2]\n    poll:").replace(
            "devices:", "devices:\n  - {endpoint: other, bus: sim, servers: "
            "[1], points: [{name: t, map: 3303/0, value: 1}]}"), **{
            "lwmux.yaml": "gateway: {name: e2e}\nservers:\n"
            f"  - {{id: 1, uri: 'coap+tcp://127.0.0.1:{server.port}'}}\n"
            f"  - {{id: 2, uri: 'coap://127.0.0.1:{good.port}'}}\n"})
        good.registered("sim")
        self.assertTrue(server.again.wait(30 * max(1, PATIENCE)),
                        "it was not cut off")
        site.wait_log(why)
        self.assertEqual(good.value("sim", "/3303/0/5700"), 21.5)
        self.assertRegex(site.ctl("metrics").stdout,
                         r'coap_dropped_total\{what="unread"\} [1-9]')

    def test_server_that_does_not_read_is_cut_off(self):
        self.cut_off("it does not read what it is sent", many=40,
                     pause=0.01)

    def test_server_that_asks_without_a_pause_is_cut_off(self):
        self.cut_off("it asks without a pause", many=20000, pause=0)

    def test_server_that_does_not_read_pongs_is_cut_off(self):
        # On a machine that is late it may seem to be without a pause.
        self.cut_off("it ", what=PING, many=400, pause=0.01)

    def test_server_that_pings_without_a_pause_is_cut_off(self):
        self.cut_off("it asks without a pause", what=PING, many=20000, pause=0)

    def test_server_that_pongs_without_a_pause_is_cut_off(self):
        self.cut_off("it asks without a pause", what=PONG, many=20000, pause=0)

    def test_server_that_tells_its_settings_without_a_pause_is_cut_off(self):
        self.cut_off("it asks without a pause", what=CSM, many=20000, pause=0)


class Refusing(threading.Thread):
    """A server over UDP that answers 4.03 to all."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                data, peer = self.socket.recvfrom(2048)
                if data and data[0] & 0x30 == 0:        # confirmable
                    n = data[0] & 15
                    self.socket.sendto(bytes([0x60 | n, 0x83]) +
                                       data[2:4 + n], peer)

    def close(self):
        self.socket.close()


class Askers(Site):
    def dial(self, stack, ask):
        end = stack.enter_context(socket.socket(socket.AF_UNIX))
        end.connect(str(self.site.run / "control"))
        end.settimeout(15 * max(1, PATIENCE))
        with contextlib.suppress(BrokenPipeError):
            end.sendall(ask)
        return end

    def is_answered(self):
        with contextlib.ExitStack() as stack:
            end = self.dial(stack, b'{"do": "ping"}\n')
            with contextlib.suppress(ConnectionError):
                return end.recv(100) != b""

    def test_who_reads_no_answer_makes_room_for_others(self):
        server = self.server()
        self.site = self.gateway(
            server.port, "devices:\n  - {endpoint: 'e-${unit}', unit: "
            "1-1200, bus: sim, points: [{name: t, map: 3303/0, value: 1}]}\n")
        server.registered("e-1")
        with contextlib.ExitStack() as stack:
            for _ in range(64):
                self.dial(stack, b'{"do": "status"}\n')
            wait_for(lambda: not self.is_answered(), "no more room")
            # It is swept each 5 s; who reads nothing goes at the second time.
            wait_for(self.is_answered, "room again", 30 * max(1, PATIENCE))
        self.assertRegex(self.site.ctl("metrics").stdout,
                         r"lwmux_control_dropped_total [1-9]")


class Degraded(Site):
    def test_a_server_that_refuses_everybody_is_told(self):
        good, bad = self.server(), Refusing()
        self.addCleanup(bad.close)
        site = self.gateway(1, sites.SIM, **{
            "lwmux.yaml": "gateway: {name: e2e}\nservers:\n"
            f"  - {{id: 1, uri: 'coap://127.0.0.1:{good.port}'}}\n"
            f"  - {{id: 2, uri: 'coap://127.0.0.1:{bad.port}'}}\n"})
        good.registered("sim")
        wait_for(lambda: "4.03" in site.ctl("status").stdout, "the refusal")
        status = site.ctl("status")
        self.assertEqual(status.returncode, 1)
        self.assertRegex(status.stdout, r"BECAUSE nobody is registered at "
                         rf"server 2 \(coap://127.0.0.1:{bad.port}\): .*4\.03")

    def test_a_disk_that_takes_nothing_is_told_and_tried_again(self):
        server = self.server()
        site = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        wait_for(lambda: site.ctl("status").returncode == 0, "healthy")
        stone = site.state / "held/sim.new"     # where the file is written
        stone.mkdir()
        self.assertEqual(server.code("write", "sim", "/1/0/3", text=70),
                         "5.00")
        status = site.ctl("status")
        self.assertEqual(status.returncode, 1)
        self.assertIn("BECAUSE the state directory cannot be written: ",
                      status.stdout)
        stone.rmdir()
        self.assertEqual(server.code("write", "sim", "/1/0/3", text=71),
                         "2.04")
        self.assertEqual(site.ctl("status").returncode, 0)
