# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with a server on go-coap and pion, another CoAP stack than libcoap, over
UDP, DTLS, TCP and TLS."""
import json
import unittest

import harness
import tools
from go_server import GoCoap, IDENTITY, KEY

TEXT, LINK, JSON = 0, 40, 110
AIR, SETPOINT = "/3303/0/5700", "/3308/0/5900"

MAIN = """\
gateway: {name: go}
servers: [{id: 1, uri: "%s", lifetime: 300s%s}]
"""
# Ninety instances: an answer, and a Register, of several blocks.
DEVICES = """\
devices:
  - endpoint: %s
    bus: sim
    poll: 200ms
    points:
      - {name: air, signal: random, min: 18, max: 24, map: 3303/0, unit: Cel}
      - {name: set, value: 20, map: 3308/0/5900, writable: true}
""" + "".join(f"      - {{name: p{i}, value: {i}, map: 3316/{i}}}\n"
              for i in range(90))


class Transport:
    """On each transport; `scheme` and the keys of its server."""
    driver = GoCoap
    scheme, keys = "", ""

    @classmethod
    def setUpClass(cls):
        cls.server_name = GoCoap.title
        cls.site, cls.why = harness.Site(), None
        cls.site.parts = []
        try:
            cls.start()
        except tools.Unavailable as e:
            cls.why = str(e)
        except Exception:
            print(cls.site.evidence())
            cls.site.tearDown()
            raise

    @classmethod
    def start(cls):
        cls.server = cls.site.add(GoCoap())
        cls.ep = cls.scheme.replace("+", "-")
        host = "localhost" if cls.scheme == "coaps+tcp" else "127.0.0.1"
        uri = f"{cls.scheme}://{host}:{cls.server.ready[cls.scheme]}"
        cls.gateway = cls.site.add(harness.Gateway({
            "lwmux.yaml": MAIN % (uri, cls.keys % {
                "pki": cls.server.pki, "identity": IDENTITY}),
            "server.key": KEY, "conf.d/devices.yaml": DEVICES % cls.ep},
            start=False))
        (cls.gateway.etc / "server.key").chmod(0o600)
        cls.gateway.start()
        cls.registered = cls.server.wait("registered", cls.ep, 30)

    @classmethod
    def tearDownClass(cls):
        cls.site.tearDown()

    def setUp(self):
        if self.why:
            self.skipTest(self.why)

    def evidence(self):
        return "" if self.why else self.site.evidence()

    def ask(self, op, path, code, value=b"", **fields):
        answer = self.server.ask(op, self.ep, path, value, **fields)
        self.assertEqual(answer.code, code, answer)
        return answer

    def test_int_101_registers_in_blocks(self):
        links = bytes.fromhex(self.registered["payload"]).decode().split(",")
        self.assertIn("</3316/89>", links)
        self.assertIn("lt=300", self.registered["query"])

    def test_int_102_updates(self):
        since = self.server.mark()
        self.ask("write", "/1/0/1", "2.04", b"120", format=TEXT)
        event = self.server.wait("updated", self.ep, 10, since)
        self.assertEqual(event["query"], ["lt=120"])

    def test_int_201_231_reads_one_and_many(self):
        air = float(self.ask("read", AIR, "2.05", accept=TEXT).payload)
        self.assertTrue(18 <= air <= 24)
        many = json.loads(self.ask("read", "/3316", "2.05",
                                   accept=JSON).payload)
        self.assertGreater(len(many), 180)
        self.ask("read", "/3303/7", "4.04")

    def test_int_205_234_writes(self):
        self.ask("write", SETPOINT, "2.04", b"21.5", format=TEXT)
        self.assertEqual(self.ask("read", SETPOINT, "2.05",
                                  accept=TEXT).payload, b"21.5")
        self.ask("write", AIR, "4.05", b"1", format=TEXT)
        # In blocks where it is larger than one.
        self.ask("write", SETPOINT, "2.04", json.dumps(
            [{"n": SETPOINT, "v": 22}]).encode() + b" " * 1500, format=JSON)

    def test_int_104_executes(self):
        since = self.server.mark()
        self.ask("execute", "/1/0/8", "2.04")
        self.server.wait("updated", self.ep, 15, since)
        self.ask("execute", AIR, "4.05")

    def test_int_260_discovers_attributes(self):
        self.ask("attributes", SETPOINT, "2.04", query=["pmin=1", "pmax=60"])
        links = self.ask("read", SETPOINT, "2.05",
                         accept=LINK).payload.decode()
        self.assertEqual(links, f"<{SETPOINT}>;pmin=1;pmax=60")

    def test_int_301_303_observes_and_cancels(self):
        self.ask("attributes", AIR, "2.04", query=["pmin=1", "pmax=60"])
        since = self.server.mark()
        self.assertIsNone(self.server.ask("observe", self.ep, AIR,
                                          accept=TEXT).error)
        for _ in range(3):
            event = self.server.wait("notification", self.ep, 15, since)
            self.assertTrue(18 <= float(bytes.fromhex(event["payload"])) <= 24)
            since = self.server.lines.index(event) + 1
        self.assertIsNone(self.server.ask("cancel", self.ep, AIR).error)
        harness.wait_for(lambda: not self.gateway.status(self.ep)["endpoints"]
                         [0]["servers"][0]["observations"],
                         "the end of the observation")


class Udp(Transport, unittest.TestCase):
    scheme = "coap"


class Tcp(Transport, unittest.TestCase):
    scheme = "coap+tcp"


class Dtls(Transport, unittest.TestCase):
    scheme = "coaps"
    keys = ", security: psk, identity: %(identity)s, key_file: server.key"


class Tls(Transport, unittest.TestCase):
    scheme = "coaps+tcp"
    keys = (", security: x509, cert_file: %(pki)s/sim.pem, private_key_file: "
            "%(pki)s/sim.key, trust_file: %(pki)s/ca.pem")


if __name__ == "__main__":
    unittest.main()
