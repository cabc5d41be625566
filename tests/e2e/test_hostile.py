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

    def shout(self, port, number, code, options=(), payload=b""):
        """A NON request in the server's name; its answer can be awaited."""
        token = number.to_bytes(4, "big")
        self.relay_.down.sendto(coap.Message(
            coap.NON, code, number, token, options, payload).encode(),
            ("127.0.0.1", port))
        return token

    def heard(self, token):
        return wait_for(lambda: [
            m for m in self.relay_.messages("up") if m.token == token],
            f"an answer to {token.hex()}")[0]

    def test_observations_are_bounded(self):
        server = self.start()
        server.registered("sim")
        port = self.relay_.port_of("sim")
        path = coap.text_options(coap.URI_PATH, T, "/")
        # The server itself would refuse answers to what it has not asked.
        self.relay_.rule = lambda way, message, _: \
            int(way == "down" or message.kind != coap.NON)
        for n in range(1, 301):
            token = self.shout(port, n, "0.01",
                               [(coap.OBSERVE, b""), *path])
            answer = self.heard(token)
            self.assertEqual(answer.code_text, "2.05")
            self.assertEqual(bool(answer.values(coap.OBSERVE)), n <= 128, n)
        clients = self.gateway_.status("sim")["endpoints"][0]["servers"]
        self.assertEqual(clients[0]["observations"], 128)

    def test_odd_requests_are_refused(self):
        server = self.start()
        server.registered("sim")
        port = self.relay_.port_of("sim")
        path = coap.text_options(coap.URI_PATH, T, "/")
        account = coap.text_options(coap.URI_PATH, "/1/0/1", "/")
        cases = (
            ("0.01", [(coap.URI_PATH, b"a" * 255)] * 4, b""),
            ("0.01", [(coap.URI_PATH, b"3303")] * 50, b""),
            ("0.01", [(coap.URI_PATH, b"65536")], b""),
            ("0.01", [(coap.URI_PATH, b"33/03")], b""),
            ("0.01", [(coap.URI_PATH, b"3303\0")], b""),
            ("0.01", path + [(coap.BLOCK2, b"\xff\xff\xf6")], b""),
            ("0.01", path + [(coap.BLOCK2, b"\x07")], b""),
            ("0.03", account + [(coap.BLOCK1, b"\xff\xff\xfe")], b"1" * 1024),
            ("0.03", account + [(coap.BLOCK1, b"\x0e")], b"1"),
            ("0.03", account, b""),
            ("0.03", account, b"-1"),
            ("0.03", account, b"1e99"),
            ("0.03", account, b"\xff" * 1000),
            ("0.03", account + [(coap.URI_QUERY, b"pmin=" + b"9" * 200)], b""),
            ("0.03", path + [(coap.URI_QUERY, b"x" * 255)] * 3, b""),
            ("0.02", [], b"x"),
            ("0.05", [], b"\x9f" * 500),
            ("0.07", [], b"\x81" * 500),
            ("0.06", path, b""),
            ("0.31", path, b""),
        )
        for n, (code, options, payload) in enumerate(cases, 1):
            with self.subTest(code=code, options=options):
                answer = self.heard(self.shout(port, n, code, options,
                                               payload))
                self.assertIn(answer.code >> 5, (4, 5))
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
               for i in range(16)]      # as many as may wait
        for id_ in ids:
            self.assertEqual(server.answer(id_)["code"], "2.04")
        self.assertEqual(slave.get(1, "holding", 101), 350)
        self.assertEqual(server.value("boiler", "/3308/0/5900"), 35)

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
