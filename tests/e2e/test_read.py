# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and Discover: every format at every level, and every refusal."""
import json
import time

import sites
from harness import SharedSite, wait_for
from sites import hexed

AIR = "/3303/0/5700"
TLV, JSON, CBOR, TEXT, LINK = 11542, 110, 112, 0, 40
PLAIN_CBOR, OLD_JSON, LWM2M_CBOR = 60, 11543, 11544


class Read(SharedSite):
    @classmethod
    def build(cls, site):
        cls.server = site.server()
        cls.relay_ = site.relay(cls.server)
        site.gateway(cls.relay_.port, sites.SIM)
        cls.server.registered("sim")

    def read(self, path, accept):
        answer = self.server.ask("read", "sim", path, accept=accept)
        self.assertEqual(answer["code"], "2.05", answer)
        self.assertNotIn("decode_error", answer)
        self.assertEqual(answer["format"], accept)
        return answer

    def refused(self, code, *words, **options):
        self.assertEqual(self.server.code(*words, **options), code)

    def test_resource_in_every_format(self):
        for accept in (TEXT, TLV, JSON, CBOR, PLAIN_CBOR):
            with self.subTest(accept=accept):
                self.assertEqual(self.read(AIR, accept)["values"],
                                 {AIR: 21.5})

    def test_text_is_the_shortest(self):
        self.assertEqual(self.read(AIR, TEXT)["text"], "21.5")

    def test_formats_that_the_test_server_does_not_read(self):
        for accept, raw in (
                (OLD_JSON, hexed('{"bn":"/3303/0/","e":'
                                 '[{"n":"5700","v":21.5}]}')),
                # {3303: {0: {5700: 21.5}}}
                (LWM2M_CBOR, "a1190ce7a100a1191644fa41ac0000")):
            with self.subTest(accept=accept):
                answer = self.server.ask("read", "sim", AIR, accept=accept)
                self.assertEqual((answer["code"], answer["format"]),
                                 ("2.05", accept))
                self.assertEqual(answer["payload"], raw)

    def test_instance_in_every_format(self):
        for accept in (TLV, JSON, CBOR):
            with self.subTest(accept=accept):
                values = self.read("/3303/0", accept)["values"]
                self.assertEqual(values[AIR], 21.5)
                self.assertEqual(values["/3303/0/5701"], "Cel")
                self.assertEqual(values["/3303/0/5750"], "air")
                self.assertEqual(values["/3303/0/5601"], 21.5)
                self.assertEqual(values["/3303/0/5602"], 21.5)

    def test_object_in_every_format(self):
        for accept in (TLV, JSON, CBOR):
            with self.subTest(accept=accept):
                self.assertEqual(self.read("/3303", accept)["values"][AIR],
                                 21.5)

    def test_resource_instance(self):
        values = self.read("/3/0/11", TLV)["values"]
        self.assertEqual(values, {"/3/0/11/0": 0})

    def test_no_accept_is_the_gateways_choice(self):
        answer = self.server.ask("read", "sim", AIR)
        self.assertEqual(answer["values"], {AIR: 21.5})

    def test_device_object_tells_the_device(self):
        values = self.read("/3/0", TLV)["values"]
        self.assertEqual(values["/3/0/0"], "Acme")
        self.assertEqual(values["/3/0/1"], "Made-up")
        self.assertEqual(values["/3/0/2"], "42")
        self.assertEqual(values["/3/0/16"], "U")

    def test_server_object_tells_the_account(self):
        values = self.read("/1/0", JSON)["values"]
        self.assertEqual(values["/1/0/0"], 1)
        self.assertEqual(values["/1/0/1"], 300)
        self.assertEqual(values["/1/0/7"], "U")

    def test_numbers_are_floats_and_times_are_plausible(self):
        self.assertGreater(self.server.value("sim", "/3303/0/5518",
                                             accept=TEXT), 1700000000)

    def test_unknown_paths_are_4_04(self):
        for path in ("/3304", "/3303/1", "/3303/0/5999", "/3303/0/5700/7",
                     "/9999/0/0"):
            with self.subTest(path=path):
                self.refused("4.04", "read", "sim", path)

    def test_paths_that_are_none(self):
        for path in ("/hello", "/3303/0/5700/0/0", "/70000/0"):
            with self.subTest(path=path):
                self.assertIn(self.server.code("read", "sim", path),
                              ("4.00", "4.04"))

    def test_security_object_is_closed(self):
        self.refused("4.01", "read", "sim", "/0")
        self.refused("4.01", "read", "sim", "/0/0/0")
        self.refused("4.01", "write", "sim", "/0/0/0", text="coap://x")
        self.refused("4.01", "discover", "sim", "/0")
        self.refused("4.01", "attributes", "sim", "/0", "pmin=1")

    def test_executable_cannot_be_read(self):
        self.refused("4.05", "read", "sim", "/3303/0/5605")

    def test_formats_that_do_not_fit_are_4_06(self):
        self.refused("4.06", "read", "sim", "/3303/0", accept=TEXT)
        self.refused("4.06", "read", "sim", AIR, accept=42)
        self.refused("4.06", "read", "sim", "/3303/0", accept=PLAIN_CBOR)
        self.refused("4.06", "read", "sim", AIR, accept=9999)

    def test_wrong_methods_are_4_05(self):
        self.refused("4.05", "delete", "sim", "/3/0")
        self.refused("4.05", "create", "sim", "/3", hex="c00d",
                     format=TLV)
        self.refused("4.05", "execute", "sim", AIR)
        self.refused("4.05", "write", "sim", AIR, text="1")

    def test_unknown_critical_option_is_4_02(self):
        # The answer names the option, so that libcoap drops it on the
        # server's side as well: it is looked for on the wire.
        mark = self.relay_.mark()
        self.server.send("read", "sim", AIR, opt="65001:00")
        wait_for(lambda: any(m.code_text == "4.02" for m in
                             self.relay_.messages("up", mark)), "a 4.02")

    def test_ping_gets_a_reset(self):
        self.assertEqual(self.server.ask("ping", "sim")["event"], "rst")

    def test_non_request_gets_a_non_answer(self):
        answer = self.server.ask("read", "sim", AIR, type="non")
        self.assertEqual((answer["code"], answer["type"]), ("2.05", "NON"))

    def discover(self, path):
        answer = self.server.ask("discover", "sim", path)
        self.assertEqual((answer["code"], answer["format"]), ("2.05", LINK))
        self.assertNotIn("decode_error", answer)
        return answer["links"]

    def test_discover_an_instance(self):
        links = self.discover("/3308/0")
        self.assertEqual(links[0], "</3308/0>")
        self.assertTrue(any(l.startswith("</3308/0/5900>") for l in links))

    def test_discover_an_object(self):
        links = self.discover("/3303")
        self.assertTrue(links[0].startswith("</3303>"), links)
        self.assertIn("</3303/0>", links)
        self.assertIn("</3303/0/5700>", links)

    def test_discover_as_json(self):
        answer = self.server.ask("read", "sim", "/3/0/11", accept=504)
        self.assertEqual((answer["code"], answer["format"]), ("2.05", 504))
        self.assertEqual(json.loads(answer["text"]), [
            {"href": "/3/0/11", "dim": "1"}, {"href": "/3/0/11/0"}])
        self.refused("4.04", "read", "sim", "/3304/0", accept=504)
        self.refused("4.01", "read", "sim", "/0", accept=504)

    def test_discover_a_resource_shows_its_attributes(self):
        self.assertEqual(self.server.code(
            "attributes", "sim", "/3308/0/5900", "pmin=5&pmax=60&gt=22.5"),
            "2.04")
        (link,) = self.discover("/3308/0/5900")
        self.assertTrue(link.startswith("</3308/0/5900>"), link)
        self.assertEqual(set(link.split(";")[1:]),
                         {"pmin=5", "pmax=60", "gt=22.5"})

    def test_discover_what_is_not_there(self):
        self.refused("4.04", "discover", "sim", "/3304/0")


class Fraction(SharedSite):
    """6050 of a point that has `fraction`: with 5518 the time of its value."""

    @classmethod
    def build(cls, site):
        cls.server = site.server()
        site.gateway(cls.server.port, """\
            devices:
              - endpoint: sim
                bus: sim
                poll: 200ms
                points:
                  - {name: n, signal: ramp, min: 0, max: 100000,
                     period: 100000s, map: 3303/0, fraction: true}
            """)
        cls.server.registered("sim")

    def times(self, values):
        return values["/3303/0/5518"], values["/3303/0/6050"]

    def assertTime(self, values):
        seconds, fraction = self.times(values)
        self.assertTrue(0 <= fraction < 1, fraction)
        self.assertAlmostEqual(seconds + fraction, time.time(), delta=60)

    def test_read_and_composite(self):
        for accept in (TLV, JSON, CBOR):
            answer = self.server.ask("read", "sim", "/3303/0", accept=accept)
            self.assertTime(answer["values"])
        answer = self.server.ask(
            "request", "sim", "FETCH", "/", format=JSON, accept=JSON,
            hex=hexed('[{"n":"/3303/0/5518"},{"n":"/3303/0/6050"}]'))
        self.assertTime(answer["values"])
        self.assertIn("</3303/0/6050>",
                      self.server.ask("discover", "sim", "/3303/0")["text"])

    def test_observe(self):
        mark = self.server.mark()
        answer = self.server.ask("observe", "sim", "/3303/0", accept=JSON)
        first = self.times(answer["values"])
        event = self.server.wait("notification", after=mark, where=lambda e:
                                 self.times(e["values"]) > first)
        self.assertTime(event["values"])
