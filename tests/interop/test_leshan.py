# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with Eclipse Leshan, an LwM2M 1.1 server."""
import datetime
import threading
import time
import unittest
from pathlib import Path

import cases
import coap
from lab import ALL, BOILER, LIFETIME, MAIN, METER, ROOM, SIM, STILL
from leshan_server import Leshan

TEXT, LINK, OPAQUE, CBOR, TLV, JSON = 0, 40, 42, 60, 11542, 11543
SENML_JSON, SENML_CBOR = 110, 112
FORMATS = {"TLV": TLV, "JSON": JSON, "SENML_JSON": SENML_JSON,
           "SENML_CBOR": SENML_CBOR}


SIMULATED = """\
devices:
  - endpoint: %s
    bus: sim
    poll: 200ms
    points:
      - {name: t, signal: constant, value: 1.5, map: 3303/0}%s
"""


def tearDownModule():
    cases.close_lab(Leshan)


class LeshanCases(cases.Cases):
    driver = Leshan

    def assertContent(self, answer, ct=None):
        self.assertEqual(answer.code, "2.05", answer)
        if ct is not None:
            self.assertEqual(answer.ct, ct, answer)

    def assertCode(self, answer, code):
        self.assertEqual(answer.code, code, answer)

    def value(self, endpoint, path, format=None):
        answer = self.server.read(endpoint, path, format)
        self.assertContent(answer)
        return answer.nodes[path]


class Registration(LeshanCases):
    def test_int_101_initial_registration(self):
        for endpoint in ALL:
            with self.subTest(endpoint):
                event = self.server.wait("registered", endpoint)
                self.assertEqual(event["lifetime"], LIFETIME)
                self.assertEqual(event["lwm2m"], "1.1")
                self.assertEqual(event["binding"], "U")
                self.assertFalse(event["queue"])
                links = event["links"]
                self.assertTrue(links[0].startswith("</>;rt="), links)
                self.assertIn("</1/0>", links)
                self.assertIn("</3/0>", links)
                for link in links:
                    self.assertFalse(link.startswith(("</0", "</21")), link)

    def test_object_versions_and_instances(self):
        links = self.server.client(BOILER)["links"]
        for link in ("</3303>;ver=1.1", "</3303/0>", "</3306/0>",
                     "</3308/0>"):
            self.assertIn(link, links)

    def test_list_of_clients(self):
        clients = self.server.clients()
        self.assertLessEqual(set(ALL), set(clients))
        addresses = {clients[endpoint]["address"] for endpoint in ALL}
        self.assertEqual(len(addresses), len(ALL), "one address for each")

    def test_int_104_556_registration_update_trigger(self):
        since, seen = self.server.mark(), self.relay.mark()
        self.assertCode(self.server.execute(SIM, "/1/0/8"), "2.04")
        self.server.wait("updated", SIM, 5, since)
        update, = self.updates(SIM, seen)
        self.assertEqual(cases.query(update), [], "nothing has changed")
        self.assertEqual(update.payload, b"")

    def test_int_102_107_lifetime_written(self):
        since, seen = self.server.mark(), self.relay.mark()
        self.assertCode(self.server.write(SIM, "/1/0/1", 120), "2.04")
        event = self.server.wait("updated", SIM, 5, since)
        self.assertEqual(event["lifetime"], 120)
        update, = self.updates(SIM, seen)
        self.assertEqual(cases.query(update), ["lt=120"])
        self.assertEqual(self.value(SIM, "/1/0/1"), 120)
        since = self.server.mark()
        self.assertCode(self.server.write(SIM, "/1/0/1", LIFETIME), "2.04")
        event = self.server.wait("updated", SIM, 5, since)
        self.assertEqual(event["lifetime"], LIFETIME)

    def test_int_102_update_before_the_lifetime_ends(self):
        self.addCleanup(self.server.write, STILL, "/1/0/1", LIFETIME)
        self.assertCode(self.server.write(STILL, "/1/0/1", 20), "2.04")
        self.server.wait("updated", STILL, 5,
                         match=lambda e: e["lifetime"] == 20)
        since = self.server.mark()
        self.server.wait("updated", STILL, 22, since)
        self.assertEqual(self.server.events("unregistered", STILL), [])

    def test_int_105_discarded_update(self):
        name = "io-lost"
        self.lab.add_gateway(
            f"devices:\n  - {{endpoint: {name}, bus: sim, lifetime: 20s, "
            "points: [{name: t, signal: constant, value: 1.5, "
            "map: 3303/0}]}\n")
        first = self.server.wait("registered", name, 15)
        self.assertEqual(first["lifetime"], 20)
        since = self.server.mark()
        self.server.forget(name)
        again = self.server.wait("registered", name, 30, since)
        self.assertNotEqual(again["id"], first["id"])
        self.assertEqual(self.value(name, "/3303/0/5700"), 1.5)

    def test_int_103_disable(self):
        name = "io-off"
        self.lab.add_gateway(SIMULATED % (name, ""))
        first = self.server.wait("registered", name, 15)
        self.assertCode(self.server.write(name, "/1/0/5", 2), "2.04")
        since = self.server.mark()
        self.assertCode(self.server.execute(name, "/1/0/4"), "2.04")
        event = self.server.wait("unregistered", name, 5, since)
        self.assertFalse(event["expired"])
        again = self.server.wait("registered", name, 15, since)
        self.assertNotEqual(again["id"], first["id"])

    def test_int_241_655_reboot(self):
        name = "io-reboot"
        self.lab.add_gateway(SIMULATED % (name, """
      - {name: restart, value: 0, map: 3/0/4, on_execute: 1,
         writable: true}"""))
        first = self.server.wait("registered", name, 15)
        since = self.server.mark()
        self.assertCode(self.server.execute(name, "/3/0/4"), "2.04")
        again = self.server.wait("registered", name, 15, since)
        self.assertNotEqual(again["id"], first["id"])
        self.assertEqual(self.value(name, "/3303/0/5700"), 1.5)

    def test_queue_mode_is_registered(self):
        self.lab.add_gateway((
            "devices:\n"
            "  - {endpoint: io-queue, bus: sim, queue: true, points: ["
            "{name: t, signal: constant, value: 1.5, map: 3303/0}]}\n"))
        event = self.server.wait("registered", "io-queue", 15)
        self.assertTrue(event["queue"])
        self.assertEqual(event["binding"], "U")
        self.assertEqual(self.value("io-queue", "/3303/0/5700"), 1.5)


class QueueMode(LeshanCases):
    """A device that shows itself for 10 s in 135 s, which is longer than the
    93 s that Leshan takes a client for awake."""
    NAME = "io-sleeper"
    DEVICE = """\
devices:
  - endpoint: io-sleeper
    bus: sim
    poll: 1s
    queue: true
    silent_after: 10min
    quiet_every: 135s
    quiet_for: 125s
    points:
      - {name: t, value: 1.5, map: 3303/0, unit: Cel}
      - {name: a, value: 20, map: 3308/0/5900, writable: true}
      - {name: b, value: 20, map: 3308/1/5900, writable: true}
"""

    def ask(self, *arguments, **options):
        """A request in a thread: Leshan's answer, and when it came."""
        answer = []

        def run():
            code = self.server.write(*arguments, **options).code
            answer.append((code, time.monotonic()))
        thread = threading.Thread(target=run)
        thread.start()

        def get(timeout):
            thread.join(timeout)
            self.assertTrue(answer, f"no answer within {timeout} s")
            return answer[0]
        return get

    def test_int_108_109_queue_mode_and_its_behaviour(self):
        seen = self.relay.mark()
        gateway = self.lab.add_gateway(self.DEVICE)
        event = self.server.wait("registered", self.NAME, 15)
        self.assertTrue(event["queue"])
        self.assertEqual(event["binding"], "U")
        self.assertContent(self.server.observe(self.NAME, "/3303/0/5700"))

        def state():
            return gateway.status(self.NAME)["endpoints"][0]["state"]
        self.eventually(lambda: state() == "asleep", "a sleeping device", 15)

        # The device sleeps, Leshan thinks us awake: all reads are answered.
        for path in ("/3303/0/5700", "/3303/0", "/3308"):
            for format in FORMATS:
                with self.subTest(f"{path} in {format}"):
                    answer = self.server.read(self.NAME, path, format)
                    self.assertContent(answer, FORMATS[format])
        self.assertEqual(self.value(self.NAME, "/3303/0/5700", "TEXT"), 1.5)
        last = time.monotonic()
        held = self.ask(self.NAME, "/3308/0/5900", 21, timeout=150)

        # It has said nothing of its own accord since it registered.
        quiet = self.relay.mark()
        since = self.server.mark()
        sleeping = self.server.wait("sleeping", self.NAME, 110)
        # 93 s after the last exchange, as we count them too.
        self.assertAlmostEqual(sleeping["at"] - last, 93, delta=5)
        self.assertEqual(self.notifications(self.NAME, quiet), [])
        self.assertEqual(self.updates(self.NAME, seen), [])
        self.assertFalse(self.server.client(self.NAME)["awake"])

        # Leshan keeps this one back until the next Update.
        queued = self.ask(self.NAME, "/3308/1/5900", 22, timeout=90)
        updated = self.server.wait("updated", self.NAME, 60, since)
        awake = self.server.wait("awake", self.NAME, 5, since)
        self.assertGreaterEqual(awake["at"], updated["at"] - 0.1)
        code, at = queued(15)
        self.assertEqual(code, "2.04")
        self.assertGreater(at, updated["at"])
        code, at = held(15)
        self.assertEqual(code, "2.04")
        self.assertGreater(at, updated["at"] - 1)
        for path, value in (("/3308/0/5900", 21), ("/3308/1/5900", 22)):
            self.eventually_equal(lambda path=path: self.value(
                self.NAME, path, "TEXT"), value)
        own = [m for _, m in self.sent(self.NAME, quiet)
               if m.kind == coap.CON]
        self.assertEqual(own[0].code_text, "0.02", "the Update comes first")


class End(LeshanCases):
    def test_deregistration_on_sigterm(self):
        names = [f"io-end-{i}" for i in range(5)]
        gateway = self.lab.add_gateway("devices:\n" + "".join(
            f"  - {{endpoint: {name}, bus: sim, points: [{{name: t, "
            "signal: constant, value: 1.5, map: 3303/0}]}\n"
            for name in names))
        for name in names:
            self.server.wait("registered", name, 15)
        self.assertEqual(gateway.stop(), 0)
        for name in names:
            event = self.server.wait("unregistered", name, 2)
            self.assertFalse(event["expired"])
            self.assertNotIn(name, self.server.clients())


class Read(LeshanCases):
    def test_int_201_text(self):
        expected = {0: "Eastron", 1: "SDM120", 2: "20261122"}
        for resource, text in expected.items():
            answer = self.server.read(METER, f"/3/0/{resource}", "TEXT")
            self.assertContent(answer, TEXT)
            self.assertEqual(answer.payload.decode(), text)
        answer = self.server.read(STILL, "/3303/0/5700", "TEXT")
        self.assertContent(answer, TEXT)
        self.assertEqual(answer.payload, b"21.5")
        self.assertEqual(answer.nodes, {"/3303/0/5700": 21.5})

    def test_int_203_tlv(self):
        answer = self.server.read(METER, "/3/0", "TLV")
        self.assertContent(answer, TLV)
        self.assertEqual(answer.nodes["/3/0/0"], "Eastron")
        self.assertEqual(answer.nodes["/3/0/1"], "SDM120")

    def test_int_204_json(self):
        answer = self.server.read(METER, "/3/0", "JSON")
        self.assertContent(answer, JSON)
        self.assertEqual(answer.nodes["/3/0/0"], "Eastron")
        self.assertEqual(answer.nodes["/3/0/1"], "SDM120")
        self.assertEqual(answer.nodes["/3/0/11/0"], 0)

    def test_int_211_cbor(self):
        for path, value in (("/1/0/0", 1), ("/1/0/6", True),
                            ("/1/0/7", "U")):
            with self.subTest(path):
                answer = self.server.read(METER, path, "CBOR")
                self.assertContent(answer, CBOR)
                self.assertEqual(answer.nodes, {path: value})

    def test_cbor_of_a_float_and_a_time(self):
        answer = self.server.read(STILL, "/3303/0/5700", "CBOR")
        self.assertContent(answer, CBOR)
        self.assertEqual(answer.nodes, {"/3303/0/5700": 21.5})
        answer = self.server.read(STILL, "/3303/0/5518", "CBOR")
        self.assertContent(answer, CBOR)
        self.assertEqual(answer.types, {"/3303/0/5518": "TIME"})

    def test_int_222_object(self):
        answer = self.server.read(BOILER, "/3308")
        self.assertContent(answer)
        self.assertEqual({p.split("/")[2] for p in answer.nodes}, {"0"})
        self.assertEqual(answer.types["/3308/0/5900"], "FLOAT")

    def test_int_223_instance(self):
        answer = self.server.read(STILL, "/3303/0")
        self.assertContent(answer)
        self.assertEqual(answer.nodes["/3303/0/5700"], 21.5)
        self.assertEqual(answer.nodes["/3303/0/5701"], "Cel")
        self.assertEqual(answer.nodes["/3303/0/5750"], "t")
        self.assertNotIn("/3303/0/5605", answer.nodes, "executable")

    def test_int_224_resource(self):
        answer = self.server.read(STILL, "/3303/0/5701")
        self.assertContent(answer)
        self.assertEqual(answer.nodes, {"/3303/0/5701": "Cel"})

    def test_int_225_resource_instance(self):
        path = "/3/0/11/0"
        for name, ct in {"TEXT": TEXT, "CBOR": CBOR, **FORMATS}.items():
            with self.subTest(name):
                answer = self.server.read(STILL, path, name)
                self.assertContent(answer, ct)
                self.assertEqual(answer.nodes, {path: 0})
        self.assertCode(self.server.read(STILL, "/3/0/11/7"), "4.04")

    def test_int_237_no_wanted_format(self):
        for path in ("/1", "/3/0", "/3/0/16", "/3303/0/5700"):
            with self.subTest(path):
                answer = self.server.read(STILL, path)
                self.assertContent(answer)
                self.assertIn(answer.ct, (SENML_JSON, SENML_CBOR))

    def test_int_652_firmware_version(self):
        answer = self.server.read(METER, "/3/0/3", "TEXT")
        self.assertContent(answer, TEXT)
        self.assertEqual(answer.payload, b"1.4.2")

    def test_int_231_232_each_format_and_level(self):
        for name, ct in FORMATS.items():
            for path in ("/3303", "/3303/0", "/3303/0/5700"):
                with self.subTest(format=name, path=path):
                    answer = self.server.read(STILL, path, name)
                    self.assertContent(answer, ct)
                    self.assertEqual(answer.nodes["/3303/0/5700"], 21.5)
                    self.assertEqual(answer.types["/3303/0/5700"], "FLOAT")

    def test_each_format_of_device_and_server(self):
        for name, ct in FORMATS.items():
            for path in ("/1", "/1/0", "/3", "/3/0", "/3/0/11"):
                with self.subTest(format=name, path=path):
                    self.assertContent(self.server.read(ROOM, path, name), ct)

    def test_error_code_is_a_multiple_resource(self):
        answer = self.server.read(ROOM, "/3/0/11", "TLV")
        self.assertContent(answer, TLV)
        self.assertEqual(answer.nodes, {"/3/0/11/0": 0}, "no error")

    def test_values_of_the_modbus_devices(self):
        voltage = self.value(METER, "/3316/0/5700")
        self.assertTrue(226 < voltage < 234, voltage)
        air = self.value(ROOM, "/3303/0/5700")
        self.assertTrue(18.4 < air < 24.6, air)
        self.assertEqual(round(air, 1), air, "217 * 0.1 is 21.7")
        self.assertEqual(self.value(ROOM, "/3304/0/5701"), "%RH")

    def test_formats_that_do_not_fit(self):
        for path, format in (("/3303/0/5700", "OPAQUE"),
                             ("/3303/0", "TEXT"), ("/3303/0", "OPAQUE"),
                             ("/3303/0", "CBOR")):
            with self.subTest(path=path, format=format):
                self.assertCode(self.server.read(STILL, path, format), "4.06")

    def test_what_is_not_there(self):
        for path in ("/3303/7", "/3303/0/5511", "/3304", "/9999/0/1"):
            with self.subTest(path):
                self.assertCode(self.server.read(STILL, path), "4.04")

    def test_int_221_security_object_is_closed(self):
        self.assertCode(self.server.read(STILL, "/0"), "4.01")
        self.assertCode(self.server.read(STILL, "/0/0"), "4.01")
        self.assertCode(self.server.attributes(STILL, "/0", pmin=10), "4.01")
        answer = self.server.write(STILL, "/0/0/0", {"hex": "00"})
        self.assertCode(answer, "4.01")

    def test_executable_cannot_be_read(self):
        self.assertCode(self.server.read(STILL, "/1/0/8"), "4.05")


class Silence(LeshanCases):
    def test_device_that_does_not_answer(self):
        """5.04 instead of an old value; the bus's others go on; it returns."""
        path = "/3303/0/5700"

        def code():
            return self.server.read(ROOM, path).code
        self.slave.do("mute 2")
        self.addCleanup(self.slave.do, "unmute 2")
        self.eventually_equal(code, "5.04", 40)
        for raw in (311, 322):
            self.slave.do(f"set 4 holding 100 {raw}")
            self.eventually_equal(lambda: self.value(BOILER, path), raw / 10,
                                  20)
        self.slave.do("unmute 2")
        self.eventually_equal(code, "2.05", 90)


class Write(LeshanCases):
    ACCOUNT = {"/1/0/2": 101, "/1/0/3": 1010, "/1/0/5": 2000}

    def tearDown(self):
        if not isinstance(self.lab, str):
            for path, value in {"/1/0/2": 0, "/1/0/3": 0, "/1/0/5": 86400,
                                "/1/0/6": False}.items():
                self.server.write(ROOM, path, value)

    def check_account(self):
        for path, value in self.ACCOUNT.items():
            self.assertEqual(self.value(ROOM, path), value)

    def test_int_205_text(self):
        for path, value in self.ACCOUNT.items():
            self.assertCode(self.server.write(ROOM, path, value, "TEXT"),
                            "2.04")
        self.check_account()

    def test_int_212_cbor(self):
        for path, value in {"/1/0/2": 101, "/1/0/3": 1010,
                            "/1/0/6": True}.items():
            with self.subTest(path):
                self.assertCode(self.server.write(ROOM, path, value, "CBOR"),
                                "2.04")
                self.assertEqual(self.value(ROOM, path), value)

    def test_int_220_json(self):
        answer = self.server.write(ROOM, "/1/0", {
            "2": 101, "3": 1010, "5": 2000}, "JSON", update=True)
        self.assertCode(answer, "2.04")
        self.check_account()

    def test_int_215_551_233_234_partial_update_in_each_format(self):
        for format in FORMATS:
            with self.subTest(format):
                for pmin, pmax in ((101, 1010), (0, 0)):
                    answer = self.server.write(
                        ROOM, "/1/0", {"2": pmin, "3": pmax}, format,
                        update=True)
                    self.assertCode(answer, "2.04")
                    self.assertEqual(self.value(ROOM, "/1/0/2"), pmin)
                    self.assertEqual(self.value(ROOM, "/1/0/3"), pmax)
                self.assertEqual(self.value(ROOM, "/1/0/1"), LIFETIME)

    def test_int_226_partial_update_with_lifetime(self):
        since = self.server.mark()
        answer = self.server.write(ROOM, "/1/0", {"1": 250, "6": True},
                                   update=True)
        self.assertCode(answer, "2.04")
        event = self.server.wait("updated", ROOM, 5, since)
        self.assertEqual(event["lifetime"], 250)
        self.assertEqual(self.value(ROOM, "/1/0/6"), True)
        self.assertCode(self.server.write(ROOM, "/1/0/1", LIFETIME), "2.04")

    def test_int_227_replacement_of_a_resource(self):
        since, seen = self.server.mark(), self.relay.mark()
        self.assertCode(self.server.write(ROOM, "/1/0/1", 63, "TLV"), "2.04")
        event = self.server.wait("updated", ROOM, 5, since)
        self.assertEqual(event["lifetime"], 63)
        update, = self.updates(ROOM, seen)
        self.assertEqual(cases.query(update), ["lt=63"])
        self.assertEqual(self.value(ROOM, "/1/0/1"), 63)
        self.assertCode(self.server.write(ROOM, "/1/0/1", LIFETIME), "2.04")

    def test_int_651_clock_and_time_zone(self):
        name = "io-clock"
        self.lab.add_gateway(SIMULATED % (name, ""))
        self.server.wait("registered", name, 15)
        answer = self.server.write(name, "/3/0", {
            "13": "2013-05-02T10:40:15Z", "14": "+02:00",
            "15": "Europe/Paris"}, "TLV", update=True)
        self.assertCode(answer, "2.04")
        self.assertEqual(self.value(name, "/3/0/14"), "+02:00")
        self.assertEqual(self.value(name, "/3/0/15"), "Europe/Paris")
        clock = self.value(name, "/3/0/13")
        self.assertTrue("2013-05-02T10:40:15Z" <= clock <
                        "2013-05-02T10:41", clock)

    def test_int_256_read_only(self):
        self.assertCode(self.server.write(ROOM, "/1/0/0", 2), "4.05")
        self.assertCode(self.server.write(ROOM, "/3303/0/5700", 1.5), "4.05")
        self.assertCode(self.server.write(ROOM, "/3/0/0", "x"), "4.05")

    def test_held_resource(self):
        for format in ("TEXT", "CBOR", *FORMATS):
            with self.subTest(format):
                text = f"hall {format}"
                answer = self.server.write(ROOM, "/3303/0/5750", text, format)
                self.assertCode(answer, "2.04")
                self.assertEqual(self.value(ROOM, "/3303/0/5750"), text)

    def test_bound_resource_in_each_format(self):
        for i, format in enumerate(("TEXT", "CBOR", *FORMATS)):
            with self.subTest(format):
                value = 50.5 + i
                answer = self.server.write(BOILER, "/3308/0/5900", value,
                                           format)
                self.assertCode(answer, "2.04")
                self.assertEqual(self.slave.get(4, "holding", 101),
                                 round(value * 10))
                self.eventually_equal(
                    lambda: self.value(BOILER, "/3308/0/5900"), value)

    def test_bound_boolean(self):
        for on in (False, True):
            answer = self.server.write(BOILER, "/3306/0/5850", on)
            self.assertCode(answer, "2.04")
            self.assertEqual(self.slave.get(4, "coil", 3), int(on))
            self.eventually_equal(
                lambda: self.value(BOILER, "/3306/0/5850"), on)

    def test_bound_instance_partial_update(self):
        answer = self.server.write(BOILER, "/3308/0", {"5900": 44.5}, "TLV",
                                   update=True)
        self.assertCode(answer, "2.04")
        self.assertEqual(self.slave.get(4, "holding", 101), 445)

    def test_out_of_range(self):
        before = self.slave.get(4, "holding", 101)
        self.assertCode(self.server.write(BOILER, "/3308/0/5900", 200.0),
                        "4.00")
        self.assertEqual(self.slave.get(4, "holding", 101), before)

    def test_refused_by_the_device(self):
        self.slave.do("exception 4 4")
        self.addCleanup(self.slave.do, "exception 4 0")
        self.assertCode(self.server.write(BOILER, "/3308/0/5900", 33.0,
                                          timeout=20), "5.00")


class Instances(LeshanCases):
    """Portfolio (16), which a server makes and takes away."""

    def setUp(self):
        super().setUp()
        self.name = "io-folder"
        if self.name not in self.server.clients():
            self.lab.add_gateway(SIMULATED % (self.name, ""))
            self.server.wait("registered", self.name, 15)

    def test_int_1630_1635_create_and_delete(self):
        since = self.server.mark()
        answer = self.server.create(self.name, "/16", {
            "id": 3, "0": {"0": "Host", "1": "Acme"}})
        self.assertCode(answer, "2.01")
        event = self.server.wait("updated", self.name, 5, since)
        self.assertIn("</16/3>", event["links"])
        self.assertEqual(self.server.read(self.name, "/16/3", "TLV").nodes,
                         {"/16/3/0/0": "Host", "/16/3/0/1": "Acme"})
        since = self.server.mark()
        self.assertCode(self.server.delete(self.name, "/16/3"), "2.02")
        event = self.server.wait("updated", self.name, 5, since)
        self.assertNotIn("</16/3>", event["links"])
        self.assertCode(self.server.read(self.name, "/16/3"), "4.04")

    def test_int_228_write_of_a_resource_instance(self):
        self.assertCode(self.server.create(self.name, "/16", {
            "id": 0, "0": {"0": "a", "1": "b", "2": "c"}}), "2.01")
        self.addCleanup(self.server.delete, self.name, "/16/0")
        self.assertCode(self.server.write(self.name, "/16/0/0/1", "B",
                                          "TEXT"), "2.04")
        self.assertEqual(self.server.read(self.name, "/16/0/0", "TLV").nodes,
                         {"/16/0/0/0": "a", "/16/0/0/1": "B",
                          "/16/0/0/2": "c"})


class Bytes(LeshanCases):
    """Opaque and text, there and back (19, BinaryAppDataContainer)."""

    NAME = "io-bytes"
    OPAQUE_FORMATS = {"OPAQUE": OPAQUE, "CBOR": CBOR, **FORMATS}
    TEXT_FORMATS = {"TEXT": TEXT, "CBOR": CBOR, **FORMATS}

    def setUp(self):
        super().setUp()
        if self.NAME in self.server.clients():
            return
        self.lab.add_gateway(SIMULATED % (self.NAME, ""))
        self.server.wait("registered", self.NAME, 15)
        self.assertCode(self.server.create(self.NAME, "/19", {
            "id": 0, "0": {"0": {"hex": "00"}}, "3": ""}), "2.01")

    def test_opaque_in_each_format(self):
        path = "/19/0/0/0"
        for format, ct in self.OPAQUE_FORMATS.items():
            for data in ("", "00", "ff00fefdfcfb", "80" * 500):
                with self.subTest(format=format, n=len(data) // 2):
                    self.assertCode(self.server.write(
                        self.NAME, path, {"hex": data}, format), "2.04")
                    answer = self.server.read(self.NAME, path, format)
                    self.assertContent(answer, ct)
                    self.assertEqual(answer.nodes, {path: data})

    def test_text_in_each_format(self):
        path = "/19/0/3"
        for format, ct in self.TEXT_FORMATS.items():
            for text in ("Cel", "\"quoted\" \\ and\nmore\t.",
                         "\u00e9\u20ac\U0001f600", "0", "true", "x" * 700):
                with self.subTest(format=format, text=text[:8]):
                    self.assertCode(self.server.write(
                        self.NAME, path, text, format), "2.04")
                    answer = self.server.read(self.NAME, path, format)
                    self.assertContent(answer, ct)
                    self.assertEqual(answer.nodes, {path: text})


class Defined(LeshanCases):
    """An object that both know by its XML definition alone."""

    TYPES = Path(__file__).with_name("objects") / "types.xml"
    NAME = "io-types"
    VALUES = {1: [True, False], 2: [0, -1000, 999], 3: [0, 4000000000],
              4: [0.0, 21.0, -0.1, 1e6], 6: [{"0": 1.0, "300": 2.5}],
              5: ["2023-11-14T22:13:20Z", "1970-01-01T00:00:00Z"]}

    def setUp(self):
        super().setUp()
        if self.NAME in self.server.clients():
            return
        points = "".join(
            f"      - {{name: p{i}, value: 0, map: 26260/0/{i}, "
            "writable: true}\n" for i in (1, 2, 3, 4, 5, "6/0", "6/300"))
        self.lab.add_gateway(
            f"devices:\n  - endpoint: {self.NAME}\n    bus: sim\n"
            "    poll: 100ms\n    points:\n"
            f"{points.replace('p6/', 'p6-')}",
            **{"objects.d/types.xml": self.TYPES.read_text()})
        self.server.wait("registered", self.NAME, 15)

    def test_registered_with_its_version(self):
        self.assertIn("</26260>;ver=1.3",
                      self.server.client(self.NAME)["links"])

    def nodes_of(self, resource, value):
        path = f"/26260/0/{resource}"
        if resource == 3:        # it tells unsigned ones as text
            value = str(value)
        return ({f"{path}/{k}": v for k, v in value.items()}
                if isinstance(value, dict) else {path: value})

    def test_each_type_in_each_format_and_back(self):
        for format, ct in {"TEXT": TEXT, "CBOR": CBOR, **FORMATS}.items():
            for resource, values in self.VALUES.items():
                if resource == 6 and format in ("TEXT", "CBOR"):
                    continue
                for value in values:
                    with self.subTest(format=format, value=value):
                        self.there_and_back(resource, value, format, ct)

    def there_and_back(self, resource, value, format, ct):
        path = f"/26260/0/{resource}"
        self.assertCode(self.server.write(self.NAME, path, value, format),
                        "2.04")
        wanted = self.nodes_of(resource, value)
        self.eventually(lambda: self.server.read(
            self.NAME, path, format).nodes == wanted, f"{path} {wanted}")
        self.assertContent(self.server.read(self.NAME, path, format), ct)

    def test_beyond_the_range_of_the_definition(self):
        answer = self.server.write(self.NAME, "/26260/0/2", 1001, "TLV")
        self.assertCode(answer, "4.00")


class Execute(LeshanCases):
    def test_reset_min_and_max_measured(self):
        self.eventually(
            lambda: self.value(SIM, "/3303/0/5602") -
            self.value(SIM, "/3303/0/5601") > 2, "minimum and maximum spread")
        spread = (self.value(SIM, "/3303/0/5602") -
                  self.value(SIM, "/3303/0/5601"))
        self.assertCode(self.server.execute(SIM, "/3303/0/5605"), "2.04")
        answer = self.server.read(SIM, "/3303/0", "TLV")
        self.assertContent(answer)
        n = answer.nodes
        self.assertLess(n["/3303/0/5602"] - n["/3303/0/5601"], spread)
        self.assertTrue(n["/3303/0/5601"] <= n["/3303/0/5700"]
                        <= n["/3303/0/5602"], n)

    def test_reset_on_a_constant_value(self):
        self.assertCode(self.server.execute(STILL, "/3303/0/5605"), "2.04")
        self.assertEqual(self.value(STILL, "/3303/0/5601"), 21.5)
        self.assertEqual(self.value(STILL, "/3303/0/5602"), 21.5)

    def test_not_executable(self):
        self.assertCode(self.server.execute(STILL, "/3303/0/5700"), "4.05")
        self.assertCode(self.server.execute(STILL, "/3303/0/5511"), "4.04")

    def test_int_680_685_create_and_delete_device(self):
        self.assertCode(self.server.create(STILL, "/3", {"id": 1}), "4.05")
        self.assertCode(self.server.delete(STILL, "/3/0"), "4.05")


class Discover(LeshanCases):
    def links(self, endpoint, path):
        answer = self.server.discover(endpoint, path)
        self.assertContent(answer, LINK)
        return answer.payload.decode().split(",")

    def test_object(self):
        links = self.links(STILL, "/3303")
        self.assertEqual(links[0].split(";")[0], "</3303>")
        self.assertIn("ver=1.1", links[0].split(";"))
        names = {link.split(";")[0] for link in links}
        self.assertLessEqual({"</3303/0>", "</3303/0/5700>",
                              "</3303/0/5701>", "</3303/0/5605>"}, names)

    def test_instance(self):
        names = {l.split(";")[0] for l in self.links(STILL, "/3303/0")}
        self.assertLessEqual({"</3303/0>", "</3303/0/5700>",
                              "</3303/0/5605>"}, names)

    def test_resource(self):
        links = self.links(STILL, "/3303/0/5700")
        self.assertEqual(links, ["</3303/0/5700>"])

    def test_multiple_resource_tells_its_dimension(self):
        links = self.links(STILL, "/3/0/11")
        self.assertEqual(links[0], "</3/0/11>;dim=1")

    def test_what_is_not_there(self):
        self.assertCode(self.server.discover(STILL, "/3304"), "4.04")

    def test_int_260_attributes(self):
        path = "/3303/0/5700"
        self.addCleanup(self.server.attributes, ROOM, "/3303/0", pmin=None,
                        pmax=None)
        self.addCleanup(self.server.attributes, ROOM, path, lt=None, gt=None,
                        st=None)
        self.assertCode(self.server.attributes(ROOM, "/3303/0", pmin=10,
                                               pmax=200), "2.04")
        self.assertCode(self.server.attributes(ROOM, path, lt=1, gt=60.5,
                                               st=1), "2.04")
        links = self.links(ROOM, "/3303/0")
        own = {l.split(";")[0]: set(l.split(";")[1:]) for l in links}
        self.assertEqual(own["</3303/0>"], {"pmin=10", "pmax=200"})
        self.assertEqual(own[f"<{path}>"], {"lt=1", "gt=60.5", "st=1"})
        inherited, = self.links(ROOM, path)
        self.assertEqual(set(inherited.split(";")[1:]),
                         {"pmin=10", "pmax=200", "lt=1", "gt=60.5", "st=1"})

    def test_attributes_unset(self):
        path = "/3303/0/5700"
        self.assertCode(self.server.attributes(ROOM, path, pmin=5), "2.04")
        self.assertEqual(self.links(ROOM, path), [f"<{path}>;pmin=5"])
        self.assertCode(self.server.attributes(ROOM, path, pmin=None), "2.04")
        self.assertEqual(self.links(ROOM, path), [f"<{path}>"])

    def test_int_261_attributes_of_an_element(self):
        for path, attributes in (("/3/0", {"pmin": 10}),
                                 ("/3/0/11", {"pmax": 320}),
                                 ("/3/0/11/0", {"pmax": 100, "epmin": 1,
                                                "epmax": 20})):
            self.assertCode(self.server.attributes(ROOM, path, **attributes),
                            "2.04")
            self.addCleanup(self.server.attributes, ROOM, path,
                            **{k: None for k in attributes})
        self.assertEqual(self.links(ROOM, "/3/0/11"), [
            "</3/0/11>;dim=1;pmin=10;pmax=320",
            "</3/0/11/0>;pmax=100;epmin=1;epmax=20"])

    def test_account_tells_its_server(self):
        self.assertIn("</1/0>;ssid=1", self.links(STILL, "/1"))

    def test_thresholds_need_a_number(self):
        answer = self.server.attributes(ROOM, "/3303/0/5701", gt=10)
        self.assertCode(answer, "4.00")


class Observe(LeshanCases):
    def observe(self, endpoint, path, format=None):
        answer = self.server.observe(endpoint, path, format)
        self.addCleanup(self.server.cancel_actively, endpoint, path)
        self.assertContent(answer)
        return answer

    def set_attributes(self, endpoint, path, **attributes):
        self.assertCode(self.server.attributes(endpoint, path, **attributes),
                        "2.04")
        self.addCleanup(self.server.attributes, endpoint, path,
                        **{k: None for k in attributes})

    def notification(self, endpoint, path, timeout=10, since=0, match=None):
        return self.server.wait(
            "notification", endpoint, timeout, since,
            lambda e: e["path"] == path and (match is None or match(e)))

    def test_value_from_the_bus(self):
        path = "/3303/0/5700"
        self.slave.do("set 4 holding 100 300")
        self.eventually_equal(lambda: self.value(BOILER, path), 30.0)
        answer = self.observe(BOILER, path)
        self.assertEqual(answer.nodes[path], 30.0)
        for raw in (423, 424, 425):
            since = self.server.mark()
            self.slave.do(f"set 4 holding 100 {raw}")
            event = self.notification(
                BOILER, path, since=since,
                match=lambda e, v=raw / 10: e["nodes"][0]["value"] == v)
            self.assertEqual(event["nodes"][0]["type"], "FLOAT")

    def test_int_301_pmin_pmax(self):
        path = "/3303/0/5700"
        self.set_attributes(SIM, path, pmin=1, pmax=4)
        seen = self.relay.mark()
        self.observe(SIM, path)
        gaps = self.gaps(SIM, seen, 5)
        # it changes five times a second: the minimum period is the rhythm
        self.assertGreater(min(gaps), 0.9, gaps)

    def test_int_301_pmax_of_an_unchanged_value(self):
        path = "/3303/0/5700"
        self.set_attributes(STILL, path, pmin=1, pmax=2)
        seen = self.relay.mark()
        self.observe(STILL, path)
        gaps = self.gaps(STILL, seen, 3)
        self.assertGreater(min(gaps), 1.8, gaps)
        self.assertEqual(self.notification(STILL, path)["nodes"][0]["value"],
                         21.5)

    def test_int_301_660_power_of_the_device(self):
        name = "io-power"
        self.lab.add_gateway(SIMULATED % (name, """
      - {name: volts, signal: random, min: 3000, max: 4000, map: 3/0/7/0}
      - {name: amps, signal: random, min: 100, max: 200, map: 3/0/8/0}
      - {name: source, value: 1, map: 3/0/6/0}
      - {name: level, value: 80, map: 3/0/9}"""))
        self.server.wait("registered", name, 15)
        self.set_attributes(name, "/3/0/7", pmin=1, pmax=3)
        self.set_attributes(name, "/3/0/8", pmin=2, pmax=4)
        seen, since = self.relay.mark(), self.server.mark()
        self.observe(name, "/3/0/7", "TLV")
        self.observe(name, "/3/0/8", "TLV")
        for path, pmin, most in (("/3/0/7", 1, 4000), ("/3/0/8", 2, 200)):
            token = [m.token for m in self.relay.messages(
                "down", seen, self.relay.port_of(name))
                if m.path == path and m.number(coap.OBSERVE) == 0][0]
            self.eventually(lambda t=token: len(self.notifications(
                name, seen, t)) > 2, f"three of {path}", 30)
            at = [t for t, _ in self.notifications(name, seen, token)]
            gaps = [b - a for a, b in zip(at, at[1:])]
            self.assertGreater(min(gaps), pmin - 0.1, path)
            event = self.notification(name, path, since=since)
            self.assertEqual([n["path"] for n in event["nodes"]],
                             [f"{path}/0"])
            self.assertLessEqual(event["nodes"][0]["value"], most)

    def test_int_701_710_connectivity_of_the_gateway(self):
        """Of the machine that this runs on: it has an uplink, or no Leshan."""
        name = "io-own"
        self.lab.add_gateway("devices: []\n", **{"lwmux.yaml": MAIN.replace(
            "{name: interop}", f"{{name: own, endpoint: {name}}}") % {
                "port": self.relay.port, "lifetime": LIFETIME, "more": ""}})
        self.server.wait("registered", name, 15)
        for format in FORMATS:
            with self.subTest(format):
                nodes = self.server.read(name, "/4/0", format).nodes
                self.assertIn(nodes["/4/0/0"],
                              [nodes[p] for p in nodes if "/4/0/1/" in p])
                self.assertIn("/4/0/4/0", nodes)
        self.set_attributes(name, "/4/0", pmin=1, pmax=2)
        seen = self.relay.mark()
        self.observe(name, "/4/0", "TLV")
        gaps = self.gaps(name, seen, 3)
        self.assertGreater(min(gaps), 0.9, gaps)
        nodes = {n["path"] for n in self.notification(name, "/4/0")["nodes"]}
        self.assertLessEqual({"/4/0/0", "/4/0/2", "/4/0/4/0"}, nodes)

    def test_int_801_810_location(self):
        name = "io-where"
        self.lab.add_gateway((SIMULATED % (name, "")).replace(
            "    poll:", "    location: {latitude: 52.52, longitude: 13.405,"
            " radius: 10}\n    poll:"))
        self.server.wait("registered", name, 15)
        for format in FORMATS:
            with self.subTest(format):
                nodes = self.server.read(name, "/6/0", format).nodes
                self.assertEqual((nodes["/6/0/0"], nodes["/6/0/1"],
                                  nodes["/6/0/3"]), (52.52, 13.405, 10))
        self.set_attributes(name, "/6/0", pmin=1, pmax=2)
        seen = self.relay.mark()
        self.observe(name, "/6/0", "TLV")
        gaps = self.gaps(name, seen, 3)
        self.assertTrue(1.8 < min(gaps), gaps)
        nodes = {n["path"]: n["value"] for n in
                 self.notification(name, "/6/0")["nodes"]}
        self.assertEqual(nodes["/6/0/1"], 13.405)

    def test_unchanged_value_is_silent(self):
        seen = self.relay.mark()
        self.observe(STILL, "/3303/0/5700")
        time.sleep(3)
        self.assertEqual(self.notifications(STILL, seen), [])

    def test_threshold_crossed(self):
        path = "/3303/0/5700"
        self.slave.do("set 4 holding 100 300")
        self.eventually_equal(lambda: self.value(BOILER, path), 30.0)
        self.set_attributes(BOILER, path, gt=50)
        seen = self.relay.mark()
        self.observe(BOILER, path)
        self.slave.do("set 4 holding 100 400")       # not across 50
        self.eventually_equal(lambda: self.value(BOILER, path), 40.0)
        time.sleep(0.5)
        self.assertEqual(self.notifications(BOILER, seen), [])
        self.slave.do("set 4 holding 100 600")
        event = self.notification(
            BOILER, path, match=lambda e: e["nodes"][0]["value"] == 60.0)
        self.assertEqual(event["path"], path)

    def test_instance_and_object(self):
        for path in ("/3303/0", "/3303"):
            with self.subTest(path):
                self.set_attributes(SIM, path, pmin=1)
                since = self.server.mark()
                self.observe(SIM, path)
                event = self.notification(SIM, path, since=since)
                nodes = {n["path"]: n["value"] for n in event["nodes"]}
                self.assertTrue(18 <= nodes["/3303/0/5700"] <= 24, nodes)
                self.assertEqual(nodes["/3303/0/5701"], "Cel")

    def test_each_format(self):
        path = "/3303/0/5700"
        for format, ct in {"TEXT": TEXT, **FORMATS}.items():
            with self.subTest(format):
                since = self.server.mark()
                answer = self.server.observe(SIM, path, format)
                self.assertContent(answer, ct)
                event = self.notification(SIM, path, since=since)
                self.assertEqual(event["ct"], ct)
                self.assertTrue(18 <= event["nodes"][0]["value"] <= 24)
                self.assertContent(self.server.cancel_actively(SIM, path))

    def test_int_302_cancel_by_reset(self):
        path = "/3316/0/5700"
        seen = self.relay.mark()
        self.assertContent(self.server.observe(SIM, path))
        first = self.eventually(lambda: self.notifications(SIM, seen),
                                "a notification")
        token = first[0][1].token
        self.server.cancel_passively(SIM, path)
        cancelled, port = self.relay.mark(), self.relay.port_of(SIM)
        self.eventually(
            lambda: [m for m in self.relay.messages("down", cancelled, port)
                     if m.kind == coap.RST], "Reset of the server")
        time.sleep(0.3)
        quiet = self.relay.mark()
        time.sleep(2)
        self.assertEqual(self.notifications(SIM, quiet, token), [])

    def test_int_303_cancel_by_request(self):
        path = "/3316/0/5700"
        seen = self.relay.mark()
        self.assertContent(self.server.observe(SIM, path))
        first = self.eventually(lambda: self.notifications(SIM, seen),
                                "a notification")
        answer = self.server.cancel_actively(SIM, path)
        self.assertContent(answer)
        quiet = self.relay.mark()
        time.sleep(2)
        self.assertEqual(
            self.notifications(SIM, quiet, first[0][1].token), [])

    def test_observation_numbers_increase(self):
        seen = self.relay.mark()
        self.observe(SIM, "/3303/0/5700")
        self.gaps(SIM, seen, 5)
        numbers = [m.number(coap.OBSERVE)
                   for _, m in self.notifications(SIM, seen)]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_observations_end_with_the_registration(self):
        name = "io-again"
        gateway = self.lab.add_gateway((
            f"devices:\n  - {{endpoint: {name}, bus: sim, poll: 200ms, "
            "points: [{name: t, signal: random, min: 1, max: 9, "
            "map: 3303/0}]}\n"))
        self.server.wait("registered", name, 15)
        self.assertContent(self.server.observe(name, "/3303/0/5700"))
        self.notification(name, "/3303/0/5700")
        self.assertEqual(gateway.stop(), 0)
        quiet = self.relay.mark()
        time.sleep(1)
        self.assertEqual(self.notifications(name, quiet), [])


class Composite(LeshanCases):
    BOTH = ("SENML_JSON", "SENML_CBOR")

    def test_int_280_read(self):
        paths = ["/3303/0/5700", "/3/0/16", "/1/0"]
        for format in self.BOTH:
            with self.subTest(format):
                answer = self.server.read_composite(STILL, paths, format)
                self.assertContent(answer, FORMATS[format])
                self.assertEqual(answer.nodes["/3303/0/5700"], 21.5)
                self.assertEqual(answer.types["/3303/0/5700"], "FLOAT")
                self.assertEqual(answer.nodes["/3/0/16"], "U")
                self.assertEqual(answer.nodes["/1/0/1"], LIFETIME)

    def test_int_235_the_root(self):
        answer = self.server.read_composite(STILL, ["/"], "SENML_CBOR")
        self.assertContent(answer, SENML_CBOR)
        self.assertEqual({p.split("/")[1] for p in answer.nodes},
                         {"1", "3", "7", "3303"})

    def test_int_236_281_some_of_them_missing(self):
        for format in self.BOTH:
            with self.subTest(format):
                answer = self.server.read_composite(
                    STILL, ["/3303/0/5701", "/3303/7/5700", "/3/0/4",
                            "/3304/0/5700"], format)
                self.assertContent(answer)
                self.assertEqual(answer.nodes, {"/3303/0/5701": "Cel"})

    def test_security_object_is_closed(self):
        answer = self.server.read_composite(STILL, ["/0/0/0"], "SENML_JSON")
        self.assertCode(answer, "4.01")

    def test_int_230_257_write(self):
        for i, format in enumerate(self.BOTH):
            with self.subTest(format):
                values = {"/1/0/5": 2000 + i, "/3303/0/5750": format,
                          "/3308/0/5900": 60.5 + i, "/3306/0/5850": True}
                answer = self.server.write_composite(BOILER, values, format)
                self.assertCode(answer, "2.04")
                self.assertEqual(self.slave.get(4, "holding", 101),
                                 605 + 10 * i)
                for path in ("/1/0/5", "/3303/0/5750"):
                    self.assertEqual(self.value(BOILER, path), values[path])
                self.eventually_equal(
                    lambda i=i: self.value(BOILER, "/3308/0/5900"), 60.5 + i)

    def test_write_of_all_or_nothing(self):
        before = self.value(BOILER, "/1/0/5")
        for wrong, code in (({"/1/0/0": 2}, "4.05"),
                            ({"/3308/0/5900": 200.0}, "4.00")):
            with self.subTest(code):
                answer = self.server.write_composite(
                    BOILER, {"/1/0/5": 77, **wrong}, "SENML_JSON")
                self.assertCode(answer, code)
                self.assertEqual(self.value(BOILER, "/1/0/5"), before)

    def test_int_304_305_observe_and_cancel(self):
        paths = ["/3303/0/5700", "/3316/0/5700", "/3/0/16"]
        for path in paths[:2]:
            self.assertCode(self.server.attributes(SIM, path, pmin=1, pmax=3),
                            "2.04")
            self.addCleanup(self.server.attributes, SIM, path, pmin=None,
                            pmax=None)
        since, seen = self.server.mark(), self.relay.mark()
        answer = self.server.observe_composite(SIM, paths, "SENML_CBOR")
        self.assertContent(answer, SENML_CBOR)
        self.assertEqual(set(answer.nodes), set(paths))
        event = self.server.wait("notification", SIM, 10, since,
                                 lambda e: "/3/0/16" in e["path"])
        self.assertEqual({n["path"] for n in event["nodes"]}, set(paths))
        gaps = self.gaps(SIM, seen, 4)
        self.assertGreater(min(gaps), 0.9, gaps)
        self.assertContent(
            self.server.cancel_composite(SIM, paths, "SENML_CBOR"))
        quiet = self.relay.mark()
        time.sleep(2)
        self.assertEqual(self.notifications(SIM, quiet), [])


class TwoServers(LeshanCases):
    """Leshan beside lwm2m-server, at one endpoint."""

    name, T, SETPOINT = "io-two", "/3303/0/5700", "/3308/0/5900"
    other = None

    def setUp(self):
        super().setUp()
        if TwoServers.other:
            return
        TwoServers.other = self.lab.server()
        self.lab.add_gateway(SIMULATED % (self.name, """
      - {name: set, value: 20, map: 3308/0/5900, writable: true}"""), (
          "\n  - {id: 2, uri: 'coap://127.0.0.1:%d', access: read}"
          % self.other.port))
        self.server.wait("registered", self.name, 15)
        self.other.registered(self.name)

    def other_code(self, *words, **options):
        return self.other.code(words[0], self.name, *words[1:], **options)

    def rule_of(self, path):
        """The instance of object 2 about an instance."""
        nodes = self.server.read(self.name, "/2", "TLV").nodes
        about = [int(n) for n in path.split("/")[1:]]
        for i in {p.split("/")[2] for p in nodes}:
            if [nodes[f"/2/{i}/0"], nodes[f"/2/{i}/1"]] == about:
                return i
        raise AssertionError(f"no rule for {path}: {nodes}")

    def test_int_950_rights(self):
        name, server = self.name, self.server
        self.assertContent(server.read(name, "/1/0/1"))
        self.assertCode(server.read(name, "/1/1/1"), "4.01")
        self.assertCode(server.write(name, "/1/1/1", 99), "4.01")
        self.assertCode(server.execute(name, "/1/1/8"), "4.01")
        nodes = server.read(name, "/1", "TLV").nodes
        self.assertEqual({p.split("/")[2] for p in nodes}, {"0"})
        self.assertEqual(self.other_code("read", "/1/0/1"), "4.01")
        # access: read
        self.assertEqual(self.other_code("read", self.T), "2.05")
        self.assertEqual(self.other_code("write", self.SETPOINT, text=1),
                         "4.01")
        self.assertCode(server.write(name, self.SETPOINT, 21.0), "2.04")
        answer = server.read_composite(
            name, ["/1/0/1", "/1/1/1", self.T], "SENML_JSON")
        self.assertContent(answer)
        self.assertEqual(set(answer.nodes), {"/1/0/1", self.T})

    def test_int_950_owner_of_an_instance(self):
        name, server = self.name, self.server
        self.assertCode(server.create(name, "/16", {
            "id": 5, "0": {"0": "mine"}}), "2.01")
        self.addCleanup(server.delete, name, "/16/5")
        self.assertEqual(self.other_code("read", "/16/5"), "4.01")
        rule = self.rule_of("/16/5")
        self.assertCode(server.write(name, f"/2/{rule}", {
            "2": {"1": 15, "2": 1}}, "TLV", update=True), "2.04")
        self.assertEqual(self.other_code("read", "/16/5"), "2.05")
        self.assertEqual(self.other_code("delete", "/16/5"), "4.01")
        self.assertEqual(self.other_code("write", f"/2/{rule}/3", text=2),
                         "4.01")

    def test_int_951_attributes_of_each(self):
        name, server = self.name, self.server
        self.assertCode(server.attributes(name, self.T, pmin=7), "2.04")
        self.assertEqual(self.other_code("attributes", self.T, "pmin=9"),
                         "2.04")
        links = server.discover(name, self.T).links
        self.assertIn("pmin=7", str(links))
        self.assertNotIn("pmin=9", str(links))
        text = self.other.ask("discover", name, self.T)["text"]
        self.assertEqual(text, f"<{self.T}>;pmin=9")


class Blockwise(LeshanCases):
    """More than fits into one datagram, both ways (RFC 7959)."""

    NAME = "io-long"
    POINTS = 100

    def setUp(self):
        super().setUp()
        if self.NAME in self.server.clients():
            return
        points = ",\n".join(
            f"    {{name: p{i}, signal: constant, value: {i}.5, "
            f"map: 3303/{i}}}" for i in range(self.POINTS))
        self.lab.add_gateway(f"devices:\n- endpoint: {self.NAME}\n"
                             f"  bus: sim\n  points: [\n{points}]\n")
        self.server.wait("registered", self.NAME, 15)

    def test_registration(self):
        links = self.server.client(self.NAME)["links"]
        for i in range(self.POINTS):
            self.assertIn(f"</3303/{i}>", links)

    def test_read(self):
        answer = self.server.read(self.NAME, "/3303", "TLV", timeout=15)
        self.assertContent(answer, TLV)
        self.assertGreater(len(answer.payload), 1024)
        for i in range(self.POINTS):
            self.assertEqual(answer.nodes[f"/3303/{i}/5700"], i + 0.5)

    def test_discover(self):
        answer = self.server.discover(self.NAME, "/3303")
        self.assertContent(answer, LINK)
        for i in range(self.POINTS):
            self.assertIn(f"</3303/{i}/5700>".encode(), answer.payload)

    def test_write(self):
        text = "".join(f"{i:04} " for i in range(400))
        path = "/3303/7/5750"
        self.assertCode(self.server.write(self.NAME, path, text, "TEXT",
                                          timeout=15), "2.04")
        answer = self.server.read(self.NAME, path, "TEXT", timeout=15)
        self.assertContent(answer, TEXT)
        self.assertEqual(answer.payload.decode(), text)


class Sends(LeshanCases):
    """What the gateway says unasked, and what it kept for later."""
    NAME = "io-sends"
    PATH = "/3303/0/5700"

    def setUp(self):
        super().setUp()
        self.gateway = getattr(self.lab, "sends", None)
        if self.gateway:
            return
        self.gateway = self.lab.sends = self.lab.add_gateway(f"""\
devices:
  - endpoint: {self.NAME}
    bus: sim
    poll: 100ms
    points:
      - {{name: t, signal: ramp, min: 0, max: 1000, period: 1000s,
         map: 3303/0, send: true}}
      - {{name: k, value: 5, map: 3304/0}}
""")
        self.server.wait("registered", self.NAME, 15)

    def sends(self, since=0):
        return [n for e in self.server.events("send", self.NAME, since)
                for n in e["nodes"]]

    def at_times(self, nodes):
        """The ramp counts seconds: each value says when it was read."""
        self.assertTrue(nodes)
        times = [datetime.datetime.fromisoformat(
            n["time"].replace("Z", "+00:00")).timestamp() for n in nodes]
        self.assertEqual(times, sorted(times))
        for n, t in zip(nodes, times):
            self.assertAlmostEqual(t - times[0],
                                   n["value"] - nodes[0]["value"], delta=0.3)

    def test_int_306_send(self):
        since = self.server.mark()
        self.server.wait("send", self.NAME, 10, since)
        time.sleep(1)
        nodes = self.sends(since)
        self.assertGreater(len(nodes), 5)
        self.assertEqual({n["path"] for n in nodes}, {self.PATH})
        self.at_times(nodes)
        self.assertFalse(self.server.events("send-error", self.NAME))

    def test_int_311_send_on_demand(self):
        since = self.server.mark()
        result = self.gateway.ctl("send", self.NAME, "/3304/0", "/3/0/16")
        self.assertEqual(result.returncode, 0, result.stderr)
        for path, value in (("/3304/0/5700", 5.0), ("/3/0/16", "U")):
            self.server.wait(
                "send", self.NAME, 10, since, lambda e, p=path, v=value: any(
                    n["path"] == p and n["value"] == v for n in e["nodes"]))
        result = self.gateway.ctl("send", self.NAME, "/3399/0")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no value", result.stderr)

    def test_int_307_mute_send(self):
        mute = "/1/0/23"
        self.assertCode(self.server.write(self.NAME, mute, True), "2.04")
        time.sleep(0.5)
        since = self.server.mark()
        time.sleep(1.5)
        self.assertFalse(self.server.events("send", self.NAME, since))
        self.assertCode(self.server.write(self.NAME, mute, False), "2.04")
        self.server.wait("send", self.NAME, 10, since)
        time.sleep(1)
        self.at_times(self.sends(since))

    def test_history_by_send_after_disable(self):
        self.assertCode(self.server.write(self.NAME, "/1/0/5", 3), "2.04")
        since = self.server.mark()
        self.assertCode(self.server.execute(self.NAME, "/1/0/4"), "2.04")
        self.server.wait("registered", self.NAME, 20, since)
        time.sleep(1)
        nodes = self.sends(since)
        self.assertGreater(len(nodes), 25)
        self.at_times(nodes)

    def test_history_by_its_observation(self):
        answer = self.server.observe(self.NAME, self.PATH, "SENML_CBOR")
        self.assertContent(answer, SENML_CBOR)
        self.server.wait("notification", self.NAME, 10, self.server.mark())
        since = self.server.mark()
        self.relay.rule = lambda way, *_: 0 if way == "up" else 1
        try:
            time.sleep(4)
        finally:
            self.relay.rule = None
        nodes = []
        for _ in range(100):
            nodes = [n for e in self.server.events("notification", self.NAME,
                                                   since)
                     for n in sorted(e.get("timestamped", ()),
                                     key=lambda n: n["time"])]
            if len(nodes) > 25:
                break
            time.sleep(0.1)
        self.server.cancel_actively(self.NAME, self.PATH)
        self.assertGreater(len(nodes), 25)
        self.at_times(nodes)


if __name__ == "__main__":
    unittest.main()
