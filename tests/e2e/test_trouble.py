# SPDX-License-Identifier: GPL-2.0-or-later
"""Why an endpoint is not registered: in the status and the log before the first
retransmissions are over, and of a server's outage in one line."""
import socket

import uplinks
from harness import Site, free_port, wait_for

DEVICE = "  - {{endpoint: {ep}, bus: sim, points: " \
    "[{{name: t, value: 1, map: 3303/0}}]}}\n"
SOON = 8                        # s; a try without an answer takes 93 s


class Trouble(Site):
    def start(self, port, n=1, **more):
        devices = "devices:\n" + "".join(DEVICE.format(ep=f"dev-{i}")
                                         for i in range(n))
        self.gateway_ = self.gateway(port, devices, **more)
        wait_for(lambda: self.gateway_.ctl("status", "--json").stdout,
                 "the status")
        return self.gateway_

    def start_psk(self, port):
        gateway = self.gateway(0, "devices:\n" + DEVICE.format(ep="dev-0"),
                               start=False, **{
            "lwmux.yaml": "servers: [{id: 1, uri: "
                          f"'coaps://127.0.0.1:{port}', security: psk, "
                          "identity: me, key_file: key}]\n", "key": "00112233"})
        (gateway.etc / "key").chmod(0o600)
        gateway.start()
        self.gateway_ = gateway
        wait_for(lambda: gateway.ctl("status", "--json").stdout, "the status")
        return gateway

    def server_row(self, ep="dev-0"):
        (row,) = self.gateway_.status(ep)["endpoints"]
        (server,) = row["servers"]
        return server

    def trouble(self, text, ep="dev-0"):
        wait_for(lambda: text in self.server_row(ep).get("trouble", ""),
                 f"{text} of {ep}", SOON)
        return self.server_row(ep)

    def silent_port(self):
        """Where somebody listens, and says nothing."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", 0))
        self.addCleanup(s.close)
        return s.getsockname()[1]

    def lines(self, text):
        return [line for line in self.gateway_.log() if text in line]

    def test_a_closed_port(self):
        gateway = self.start(free_port())
        row = self.trouble("connection refused")
        self.assertEqual(row["try"], 1)
        gateway.wait_log("dev-0", "connection refused", timeout=SOON)
        self.assertIn("[connection refused", gateway.ctl("status").stdout)

    def test_nobody_answers(self):
        gateway = self.start(self.silent_port())
        row = self.trouble("no answer")
        self.assertEqual(row["state"], "registering")
        gateway.wait_log("dev-0", "no answer", timeout=SOON)

    def test_the_next_try_is_told(self):
        """Over DTLS a closed port ends the try at once."""
        gateway = self.start_psk(free_port())
        row = self.trouble("no session")
        wait_for(lambda: self.server_row().get("next_try", -1) >= 0,
                 "the next try", SOON)
        self.assertGreaterEqual(row["try"], 1)
        self.assertIn("next in", gateway.ctl("status").stdout)

    def test_a_refusal_says_what_to_look_at(self):
        server = self.server()
        for code, what in (("4.00", 'lwm2m: "1.0"'), ("4.03", "known there"),
                           ("4.04", "'path'"), ("5.03", "busy")):
            with self.subTest(code=code):
                server.ask("answer", "register", code, 1000)
                gateway = self.start(server.port)
                row = self.trouble(f"it answers {code}: ")
                self.assertIn(what, row["trouble"])
                self.assertIn("next_try", row)
                text = gateway.ctl("status").stdout
                self.assertRegex(text, rf"\[it answers {code}: .*, next in \d")
                self.assertRegex(text, rf"(?m)^BECAUSE nobody.*{code}: .*"
                                 + what)
                gateway.stop()

    def test_no_route(self):
        """In a namespace of its own, which has no network at all."""
        why = uplinks.unable()
        if why:
            self.skipTest(why)
        here = self.add(uplinks.Namespace())
        self.gateway_ = self.add(uplinks.HereGateway(here, {
            "lwmux.yaml": "servers: [{id: 1, uri: 'coap://192.0.2.1'}]\n",
            "conf.d/devices.yaml": "devices:\n" + DEVICE.format(ep="dev-0")}))
        self.gateway_.start()
        wait_for(lambda: self.gateway_.ctl("status", "--json").stdout,
                 "the status")
        self.trouble("Network is unreachable")
        self.gateway_.wait_log("dev-0", "Network is unreachable", timeout=SOON)

    def test_a_name_without_an_address(self):
        gateway = self.start(0, **{
            "lwmux.yaml": "servers: [{id: 1, uri: 'coap://no.invalid'}]\n"})
        self.trouble("no address")
        gateway.wait_log("cannot look up no.invalid")

    def test_a_wrong_key_is_told_at_the_first_retransmission(self):
        gateway = self.start_psk(self.silent_port())
        self.trouble("is the key the same?")
        gateway.wait_log("dev-0", "is the key the same?", timeout=SOON)

    def test_it_is_forgotten_when_the_server_answers(self):
        port = free_port()
        self.start(port)
        self.trouble("connection refused")
        server = self.server(port)
        server.registered("dev-0")
        wait_for(lambda: "trouble" not in self.server_row(), "no trouble")

    def test_an_outage_of_many_is_one_line(self):
        n, port = 30, free_port()
        gateway = self.start(port, n)
        for i in range(n):
            self.trouble("connection refused", f"dev-{i}")
        self.assertEqual(len(self.lines("connection refused")), 1)
        server = self.server(port)
        for i in range(n):
            server.registered(f"dev-{i}")
        gateway.wait_log("answers again")
        wait_for(lambda: not any("trouble" in s for e in
                                 gateway.status()["endpoints"]
                                 for s in e["servers"]), "no trouble")
        self.assertEqual(len(self.lines("answers again")), 1)
        self.assertLessEqual(len(self.lines("registered at")), 2)
