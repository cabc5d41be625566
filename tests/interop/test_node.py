# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with lwm2m-node-lib, an LwM2M 1.0 server.

It reads and writes single resources as text, with numbers of the content
formats from before their registration (1541 is text), and takes no objects'
versions. It acknowledges no notification and forgets an observation without
telling the client, so that `notify: non` is the only way with it.
"""
import time
import unittest

import cases
import coap
from lab import ALL, BOILER, LIFETIME, METER, ROOM, SIM, STILL
from node_server import NodeLib


def tearDownModule():
    cases.close_lab(NodeLib)


class NodeCases(cases.Cases):
    driver = NodeLib
    server_keys = "server: fiware\n    notify: non"

    def value(self, endpoint, path):
        answer = self.server.read(endpoint, path)
        self.assertNotIn("error", answer, path)
        return answer["value"]

    def assertDone(self, answer):
        self.assertNotIn("error", answer)

    def assertCode(self, answer, code):
        self.assertEqual(answer.get("code"), code, answer)


class Registration(NodeCases):
    def test_int_101_initial_registration(self):
        for endpoint in ALL:
            with self.subTest(endpoint):
                event = self.server.wait("registered", endpoint)
                self.assertEqual(event["lifetime"], LIFETIME)
                self.assertEqual(event["lwm2m"], "1.0")
                links = event["links"].split(",")
                self.assertTrue(links[0].startswith("</>;rt=\"oma.lwm2m\""))
                self.assertIn("</1/0>", links)
                self.assertIn("</3/0>", links)

    def test_list_of_clients(self):
        clients = self.server.clients()
        self.assertLessEqual(set(ALL), set(clients))
        ports = {clients[endpoint]["port"] for endpoint in ALL}
        self.assertEqual(len(ports), len(ALL), "one port for each")

    def test_location_in_one_option_is_echoed(self):
        since, seen = self.server.mark(), self.relay.mark()
        self.assertDone(self.server.execute(SIM, "/1/0/8"))
        self.server.wait("updated", SIM, 5, since)
        update, = self.updates(SIM, seen)
        segments = update.values(coap.URI_PATH)
        self.assertEqual(len(segments), 1, segments)
        self.assertTrue(segments[0].startswith(b"rd/"))

    def test_int_102_107_lifetime_written(self):
        since = self.server.mark()
        self.assertDone(self.server.write(SIM, "/1/0/1", 120))
        event = self.server.wait("updated", SIM, 5, since)
        self.assertEqual(event["lifetime"], 120)
        self.assertEqual(self.value(SIM, "/1/0/1"), "120")
        self.assertDone(self.server.write(SIM, "/1/0/1", LIFETIME))

    def test_int_104_registration_update_trigger(self):
        since = self.server.mark()
        self.assertDone(self.server.execute(SIM, "/1/0/8"))
        event = self.server.wait("updated", SIM, 5, since)
        self.assertEqual(event["lifetime"], LIFETIME)

    def test_queue_mode_is_registered(self):
        self.lab.add_gateway((
            "devices:\n"
            "  - {endpoint: io-queue, bus: sim, queue: true, points: ["
            "{name: t, signal: constant, value: 1.5, map: 3303/0}]}\n"))
        event = self.server.wait("registered", "io-queue", 15)
        self.assertEqual(event["binding"], "UQ")
        self.assertEqual(self.value("io-queue", "/3303/0/5700"), "1.5")

    def test_deregistration_on_sigterm(self):
        gateway = self.lab.add_gateway((
            "devices:\n"
            "  - {endpoint: io-end, bus: sim, points: ["
            "{name: t, signal: constant, value: 1.5, map: 3303/0}]}\n"))
        self.server.wait("registered", "io-end", 15)
        self.assertEqual(gateway.stop(), 0)
        self.server.wait("unregistered", "io-end", 2)
        self.assertNotIn("io-end", self.server.clients())


class Management(NodeCases):
    def test_int_201_read_text(self):
        self.assertEqual(self.value(METER, "/3/0/0"), "Eastron")
        self.assertEqual(self.value(METER, "/3/0/1"), "SDM120")
        self.assertEqual(self.value(STILL, "/3303/0/5700"), "21.5")
        voltage = float(self.value(METER, "/3316/0/5700"))
        self.assertTrue(226 < voltage < 234, voltage)

    def test_read_what_is_not_there(self):
        self.assertCode(self.server.read(STILL, "/3303/7/5700"), "4.04")
        self.assertCode(self.server.read(STILL, "/0/0/0"), "4.01")

    def test_int_205_write_held(self):
        for value in (101, 0):
            self.assertDone(self.server.write(ROOM, "/1/0/2", value))
            self.assertEqual(self.value(ROOM, "/1/0/2"), str(value))

    def test_write_bound(self):
        self.assertDone(self.server.write(BOILER, "/3308/0/5900", 61.5))
        self.assertEqual(self.slave.get(4, "holding", 101), 615)
        self.eventually_equal(
            lambda: self.value(BOILER, "/3308/0/5900"), "61.5")

    def test_write_read_only(self):
        self.assertCode(self.server.write(ROOM, "/3303/0/5700", 1), "4.05")
        self.assertCode(self.server.write(ROOM, "/1/0/0", 1), "4.05")

    def test_execute(self):
        self.assertDone(self.server.execute(STILL, "/3303/0/5605"))
        self.assertEqual(self.value(STILL, "/3303/0/5601"), "21.5")
        self.assertCode(self.server.execute(STILL, "/3303/0/5700"), "4.05")

    def test_int_260_discover_and_attributes(self):
        path = "/3303/0/5700"
        self.assertDone(self.server.attributes(ROOM, path, pmin=5, pmax=60))
        answer = self.server.discover(ROOM, path)
        self.assertDone(answer)
        self.assertEqual(answer["value"], f"<{path}>;pmin=5;pmax=60")
        for path, inside in (("/3303", "</3303/0/5700>"),
                             ("/3303/0", "</3303/0/5605>")):
            answer = self.server.discover(ROOM, path)
            self.assertDone(answer)
            names = [l.split(";")[0] for l in answer["value"].split(",")]
            self.assertEqual(names[0], f"<{path}>")
            self.assertIn(inside, names)

    def test_attributes_that_contradict(self):
        self.assertCode(self.server.attributes(STILL, "/3303/0/5700",
                                               lt=20, gt=10), "4.00")


class Observe(NodeCases):
    def values(self, endpoint, path, since):
        return [e for e in self.server.events("notification", endpoint, since)
                if e["path"] == path]

    def test_observe_and_cancel(self):
        path = "/3303/0/5700"
        since = self.server.mark()
        answer = self.server.observe(SIM, path)
        self.assertDone(answer)
        self.assertTrue(18 <= float(answer["value"]) <= 24, answer)
        self.eventually(lambda: len(self.values(SIM, path, since)) >= 3,
                        "three notifications")
        for event in self.values(SIM, path, since):
            self.assertTrue(18 <= float(event["value"]) <= 24, event)
        self.assertDone(self.server.cancel(SIM, path))
        quiet = self.server.mark()
        time.sleep(1)
        self.assertEqual(self.values(SIM, path, quiet), [])

    def test_int_301_pmin(self):
        path = "/3316/0/5700"
        self.assertDone(self.server.attributes(SIM, path, pmin=1, pmax=4))
        seen = self.relay.mark()
        self.assertDone(self.server.observe(SIM, path))
        self.addCleanup(self.server.cancel, SIM, path)
        gaps = self.gaps(SIM, seen, 4)
        self.assertGreater(min(gaps), 0.9, gaps)

    def test_value_from_the_bus(self):
        path = "/3303/0/5700"
        self.slave.do("set 4 holding 100 300")
        self.eventually_equal(lambda: float(self.value(BOILER, path)), 30)
        since = self.server.mark()
        self.assertDone(self.server.observe(BOILER, path))
        self.addCleanup(self.server.cancel, BOILER, path)
        self.slave.do("set 4 holding 100 423")
        event = self.server.wait("notification", BOILER, 10, since,
                                 lambda e: e["path"] == path)
        self.assertEqual(event["value"], "42.3")


if __name__ == "__main__":
    unittest.main()
