# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with Wakaama 1.0, a strict LwM2M 1.0 server.

It answers a Register of LwM2M 1.1 with 4.12, and with 4.00 where its list has
the version of an object, or a content format other than JSON of 1.0. It reads
in TLV, or in JSON where the registration said so, and writes text.
"""
import struct
import time
import unittest

import cases
from lab import ALL, BOILER, LIFETIME, METER, ROOM, SIM, STILL
from wakaama_server import JSON, LINK, TLV, Wakaama


def tearDownModule():
    cases.close_lab(Wakaama)


DEVICE = """\
devices:
  - {endpoint: %s, bus: sim, points: [
      {name: t, signal: constant, value: 1.5, map: 3303/0}]}
"""


def real(data):
    """A Float of TLV, of either width."""
    return struct.unpack("!f" if len(data) == 4 else "!d", data)[0]


class WakaamaCases(cases.Cases):
    driver = Wakaama
    server_keys = "server: wakaama-1.0"

    def content(self, endpoint, path):
        answer = self.server.read(endpoint, path)
        self.assertEqual(answer.code, "2.05", answer)
        return answer

    def assertCode(self, answer, code):
        self.assertEqual(answer.code, code, answer)

    def text(self, endpoint, path):
        """A single resource of text in TLV."""
        answer = self.content(endpoint, path)
        self.assertEqual(answer.type, TLV)
        return answer.nodes[path.split("/")[-1]].decode()

    def number(self, endpoint, path):
        value = self.content(endpoint, path).nodes[path.split("/")[-1]]
        return int.from_bytes(value, "big", signed=True)


class Registration(WakaamaCases):
    def test_int_101_initial_registration(self):
        clients = self.server.clients()
        self.assertLessEqual(set(ALL), set(clients))
        for endpoint in ALL:
            with self.subTest(endpoint):
                client = clients[endpoint]
                self.assertEqual(client["lifetime"], f"{LIFETIME} sec")
                self.assertEqual(client["binding"], "UDP")
                self.assertIn("/1/0", client["objects"])
                self.assertIn("/3/0", client["objects"])

    def test_list_without_versions(self):
        for endpoint in ALL:
            with self.subTest(endpoint):
                port = self.relay.port_of(endpoint)
                first = self.relay.messages("up", 0, port)[0]
                self.assertIn("lwm2m=1.0", cases.query(first))
                self.assertNotIn(b"ver=", first.payload)

    def test_refused_1_1_then_registered_as_1_0(self):
        name = "io-lower"
        self.lab.add_gateway(DEVICE % name, "ver: false\n    ct: 11543")
        self.server.wait("registered", name, 15)
        port = self.relay.port_of(name)
        asked = [cases.query(m) for m in self.relay.messages("up", 0, port)]
        self.assertIn("lwm2m=1.1", asked[0])
        self.assertIn("lwm2m=1.0", asked[1])
        codes = [m.code_text for m in self.relay.messages("down", 0, port)]
        self.assertEqual(codes[:2], ["4.12", "2.01"])

    def test_refused_with_advice(self):
        gateway = self.lab.add_gateway(DEVICE % "io-new", "ver: true")
        gateway.wait_log("io-new", 'answered 4.00 (a server of LwM2M 1.0 '
                         'wants the key lwm2m: "1.0")')

    def test_int_102_107_lifetime_written(self):
        since, seen = self.server.mark(), self.relay.mark()
        self.assertCode(self.server.write(SIM, "/1/0/1", 120), "2.04")
        self.server.wait("updated", SIM, 5, since)
        update, = self.updates(SIM, seen)
        self.assertEqual(cases.query(update), ["lt=120"])
        self.assertEqual(self.server.clients()[SIM]["lifetime"], "120 sec")
        self.assertEqual(self.number(SIM, "/1/0/1"), 120)
        self.assertCode(self.server.write(SIM, "/1/0/1", LIFETIME), "2.04")

    def test_int_104_registration_update_trigger(self):
        since, seen = self.server.mark(), self.relay.mark()
        self.assertCode(self.server.execute(SIM, "/1/0/8"), "2.04")
        self.server.wait("updated", SIM, 5, since)
        update, = self.updates(SIM, seen)
        self.assertEqual(cases.query(update), [])

    def test_queue_mode_is_registered(self):
        self.lab.add_gateway((
            "devices:\n"
            "  - {endpoint: io-queue, bus: sim, queue: true, points: ["
            "{name: t, signal: constant, value: 1.5, map: 3303/0}]}\n"))
        self.server.wait("registered", "io-queue", 15)
        self.assertEqual(self.server.clients()["io-queue"]["binding"],
                         "UDP queue mode")

    def test_deregistration_on_sigterm(self):
        gateway = self.lab.add_gateway(DEVICE % "io-end")
        self.server.wait("registered", "io-end", 15)
        self.assertEqual(gateway.stop(), 0)
        self.assertNotIn("io-end", self.server.clients())


class Management(WakaamaCases):
    def test_int_203_read_tlv(self):
        self.assertEqual(self.text(METER, "/3/0/0"), "Eastron")
        answer = self.content(METER, "/3/0")
        self.assertEqual(answer.type, TLV)
        self.assertEqual(answer.nodes["0"], b"Eastron")
        self.assertEqual(answer.nodes["1"], b"SDM120")
        self.assertEqual(answer.nodes["11/0"], b"\0")

    def test_int_222_223_224_read_each_level(self):
        for path, inside in (("/3303", "0/5700"), ("/3303/0", "5700"),
                             ("/3303/0/5700", "5700")):
            with self.subTest(path):
                nodes = self.content(STILL, path).nodes
                self.assertEqual(real(nodes[inside]), 21.5)
                if path == "/3303/0/5700":
                    self.assertEqual(len(nodes), 1)

    def test_int_204_read_json(self):
        gateway = self.lab.add_gateway(DEVICE % "io-json",
                                       'lwm2m: "1.0"\n    ct: 11543')
        self.server.wait("registered", "io-json", 15)
        answer = self.content("io-json", "/3303/0/5700")
        self.assertEqual(answer.type, JSON)
        self.assertIn('"v":1.5', answer.text)
        self.assertEqual(gateway.stop(), 0)

    def test_read_what_is_not_there(self):
        self.assertCode(self.server.read(STILL, "/3303/7/5700"), "4.04")
        self.assertCode(self.server.read(STILL, "/9/0"), "4.04")

    def test_int_221_security_object_is_closed(self):
        """It asks three times, 10 s long, before it believes a 4.01."""
        self.assertCode(self.server.read(STILL, "/0/0/0"), "4.01")

    def test_int_205_write_text(self):
        for value in (101, 0):
            self.assertCode(self.server.write(ROOM, "/1/0/2", value), "2.04")
            self.assertEqual(self.number(ROOM, "/1/0/2"), value)

    def test_write_bound(self):
        self.assertCode(self.server.write(BOILER, "/3308/0/5900", 61.5),
                        "2.04")
        self.assertEqual(self.slave.get(4, "holding", 101), 615)

    def test_int_256_write_read_only(self):
        self.assertCode(self.server.write(ROOM, "/3303/0/5700", 1), "4.05")
        self.assertCode(self.server.write(ROOM, "/1/0/0", 1), "4.05")

    def test_execute(self):
        self.assertCode(self.server.execute(STILL, "/3303/0/5605"), "2.04")
        self.assertCode(self.server.execute(STILL, "/3303/0/5700"), "4.05")

    def test_int_260_discover_and_attributes(self):
        path = "/3303/0/5700"
        self.addCleanup(self.server.clear, ROOM, path)
        self.assertCode(self.server.attributes(ROOM, path, 5, 60), "2.04")
        self.assertCode(self.server.thresholds(ROOM, path, 10, 60, 2), "2.04")
        answer = self.server.discover(ROOM, path)
        self.assertCode(answer, "2.05")
        self.assertEqual(answer.type, LINK)
        name, *own = answer.text.split(";")
        self.assertEqual(name, f"<{path}>")
        self.assertEqual(set(own), {"pmin=5", "pmax=60", "gt=60", "lt=10",
                                    "st=2"})
        self.assertCode(self.server.clear(ROOM, path), "2.04")
        self.assertEqual(self.server.discover(ROOM, path).text, f"<{path}>")

    def test_int_685_delete_device(self):
        self.assertCode(self.server.delete(STILL, "/3/0"), "4.05")


class Observe(WakaamaCases):
    PATH = "/3303/0/5700"

    def test_int_301_302_observe_and_cancel(self):
        self.assertCode(self.server.attributes(SIM, self.PATH, 1, 4), "2.04")
        self.addCleanup(self.server.clear, SIM, self.PATH)
        since, seen = self.server.mark(), self.relay.mark()
        self.server.observe(SIM, self.PATH)
        gaps = self.gaps(SIM, seen, 4)
        self.assertGreater(min(gaps), 0.9, gaps)
        told = self.server.notifications(SIM, self.PATH, since)
        self.assertGreaterEqual(len(told), 4)
        self.assertEqual(told[0][1].type, TLV)
        self.assertEqual([n for n, _ in told],
                         sorted({n for n, _ in told}), "in order, each once")
        self.server.cancel(SIM, self.PATH)
        time.sleep(0.3)
        quiet = self.relay.mark()
        time.sleep(2)
        self.assertEqual(self.notifications(SIM, quiet), [])

    def test_value_from_the_bus(self):
        since = self.server.mark()
        self.server.observe(BOILER, self.PATH)
        self.addCleanup(self.server.cancel, BOILER, self.PATH)
        self.slave.do("set 4 holding 100 423")
        self.eventually(
            lambda: any(real(a.nodes["5700"]) == 42.3 for _, a in
                        self.server.notifications(BOILER, self.PATH, since)),
            "notification of 42.3")


if __name__ == "__main__":
    unittest.main()
