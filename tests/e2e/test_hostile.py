# SPDX-License-Identifier: GPL-2.0-or-later
"""Lossy networks, garbage, impatient users."""
import random
import signal

import coap
import sites
from harness import Site, wait_for

T = "/3303/0/5700"


class Hostile(Site):
    def start(self, devices=sites.SIM):
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.gateway_ = self.gateway(self.relay_.port, devices)
        return self.server_

    def test_every_fourth_datagram_lost_delays_but_loses_nothing(self):
        count = [0]

        def rule(*_):
            count[0] += 1
            return 0 if count[0] % 4 == 0 else 1
        server = self.server()
        relay = self.relay(server)
        relay.rule = rule
        self.gateway(relay.port, sites.SIM)
        server.registered("sim", timeout=60)
        for i in range(3):
            value = 15 + i
            answer = server.ask("write", "sim", "/3308/0/5900", text=value,
                                timeout=90)
            self.assertEqual(answer["code"], "2.04")
            answer = server.ask("read", "sim", "/3308/0/5900", timeout=90)
            self.assertEqual(answer["values"], {"/3308/0/5900": value})
        relay.rule = None

    def test_garbage_does_not_stop_it(self):
        server = self.start()
        server.registered("sim")
        port = self.relay_.port_of("sim")
        seed = random.Random(20261122)
        good = coap.Message(
            coap.NON, "0.01", 1, b"abcd",
            coap.text_options(coap.URI_PATH, "/3303/0/5700", "/") +
            [(coap.ACCEPT, b"\x6e"), (coap.BLOCK2, b"\x02"),
             (coap.OBSERVE, b"")], b"payload").encode()
        for _ in range(3000):
            data = bytearray(good)
            for _ in range(seed.randrange(1, 6)):
                data[seed.randrange(len(data))] = seed.randrange(256)
            del data[seed.randrange(1, len(data) + 1):]
            self.relay_.down.sendto(bytes(data), ("127.0.0.1", port))
        self.assertEqual(server.value("sim", T), 21.5)

    def test_requests_before_any_answer_are_all_answered(self):
        server = self.start()
        server.registered("sim")
        ids = [server.send("read", "sim", T, accept=0, type="non")
               for _ in range(100)]
        for id_ in ids:
            self.assertEqual(server.answer(id_)["text"], "21.5")

    def test_writes_in_a_row_end_with_the_last(self):
        slave = self.slave("1=boiler")
        server = self.start(sites.boiler(slave.port))
        server.registered("boiler")
        ids = [server.send("write", "boiler", "/3308/0/5900", text=20 + i)
               for i in range(20)]
        for id_ in ids:
            self.assertEqual(server.answer(id_)["code"], "2.04")
        self.assertEqual(slave.get(1, "holding", 101), 390)
        self.assertEqual(server.value("boiler", "/3308/0/5900"), 39)

    def test_sigterm_right_after_the_start(self):
        self.start()
        self.gateway_.wait_log("")
        self.assertEqual(self.gateway_.stop(), 0)

    def test_many_hangups_in_a_row(self):
        server = self.start()
        server.registered("sim")
        mark = self.relay_.mark()
        for _ in range(30):
            self.gateway_.hangup()
        self.assertEqual(server.value("sim", T), 21.5)
        self.assertEqual([m for m in self.relay_.messages("up", mark)
                          if m.kind == coap.CON], [])

    def test_second_daemon_on_the_same_run_directory_is_refused(self):
        server = self.start()
        server.registered("sim")
        result = self.gateway_.once()
        self.assertNotEqual(result.returncode, 0)
        self.assertTrue(result.stderr)
        self.assertEqual(server.value("sim", T), 21.5)
        self.assertEqual(self.gateway_.ctl("status").returncode, 0)

    def test_stale_control_socket_is_replaced(self):
        server = self.start()
        server.registered("sim")
        mark = server.mark()
        self.gateway_.restart(signal.SIGKILL)
        server.registered("sim", after=mark)
        wait_for(lambda: self.gateway_.ctl("status").returncode == 0,
                 "a healthy status")
