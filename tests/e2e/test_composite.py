# SPDX-License-Identifier: GPL-2.0-or-later
"""Many paths in one request: read, written, observed (Core TS 6.3)."""
import json

import coap
import sites
from harness import Site, SharedSite, wait_for
from sites import hexed

FLOW, SETPOINT, PUMP = "/3303/0/5700", "/3308/0/5900", "/3306/0/5850"
TLV, JSON, CBOR = 11542, 110, 112


def names(*paths):
    return hexed(json.dumps([{"n": p} for p in paths]))


def records(values):
    key = {bool: "vb", int: "v", float: "v", str: "vs"}
    return hexed(json.dumps([{"n": p, key[type(v)]: v}
                             for p, v in values.items()]))


class Composite(SharedSite):
    @classmethod
    def build(cls, site):
        cls.slave = site.slave("1=boiler")
        cls.server = site.server()
        site.gateway(cls.server.port, sites.boiler(cls.slave.port))
        cls.server.registered("boiler")

    def fetch(self, *paths, **options):
        options = {"format": JSON, **options}
        return self.server.ask("request", "boiler", "FETCH", "/",
                               hex=names(*paths), **options)

    def patch(self, values, code="2.04", **options):
        answer = self.server.ask(
            "request", "boiler", "IPATCH", "/", hex=records(values),
            format=JSON, **options)
        self.assertEqual(answer["code"], code, answer)

    def test_int_280_paths_of_several_objects(self):
        self.slave.do("set 1 holding 100 217")
        self.server.wait_value("boiler", FLOW, 21.7)
        for accept in (JSON, CBOR):
            with self.subTest(accept=accept):
                answer = self.fetch(FLOW, "/3/0/16", "/3308/0",
                                    accept=accept)
                self.assertEqual(answer["code"], "2.05", answer)
                self.assertEqual(answer["format"], accept)
                self.assertNotIn("decode_error", answer)
                self.assertLessEqual(
                    {FLOW: 21.7, "/3/0/16": "U"}.items(),
                    answer["values"].items())
                self.assertIn(SETPOINT, answer["values"])

    def test_int_235_the_root(self):
        values = self.fetch("/")["values"]
        objects = {p.split("/")[1] for p in values}
        self.assertEqual(objects, {"1", "3", "7", "3303", "3306", "3308",
                                   "3311"})
        self.assertNotIn("/3303/0/5605", values)

    def test_int_236_281_what_cannot_be_read_is_left_out(self):
        answer = self.fetch("/3304/0/5700", "/3303/0/5605", "/3/0/4", "/0",
                            "/3303/0/5701")
        self.assertEqual(answer["code"], "2.05")
        self.assertEqual(answer["values"], {"/3303/0/5701": "Cel"})

    def test_nothing_of_it_is_there(self):
        answer = self.fetch("/3304/0/5700", "/4")
        self.assertEqual((answer["code"], answer["values"]), ("2.05", {}))

    def test_refused(self):
        self.assertEqual(self.fetch("/0", "/0/0/1")["code"], "4.01")
        self.assertEqual(self.fetch(FLOW, format=TLV)["code"], "4.15")
        self.assertEqual(self.fetch(FLOW, accept=TLV)["code"], "4.06")
        self.assertEqual(self.fetch()["code"], "4.00")
        self.assertEqual(self.server.code(
            "request", "boiler", "FETCH", "/3303", hex=names(FLOW),
            format=JSON), "4.05")

    def test_int_230_257_held_and_bound_ones_in_one(self):
        self.patch({"/1/0/2": 0, "/3303/0/5750": "hall", SETPOINT: 33.5,
                    PUMP: True})
        self.assertEqual(self.slave.get(1, "holding", 101), 335)
        self.assertEqual(self.slave.get(1, "coil", 3), 1)
        self.assertEqual(self.server.value("boiler", "/3303/0/5750"), "hall")
        self.assertEqual(self.server.value("boiler", SETPOINT), 33.5)

    def test_bus_writes_keep_their_order(self):
        before = len(self.slave.writes())
        self.patch({PUMP: False, SETPOINT: 34.5})
        self.patch({SETPOINT: 35.5, PUMP: True})
        kinds = ["coil" if "coil" in line else "holding"
                 for line in self.slave.writes()[before:]]
        self.assertEqual(kinds, ["coil", "holding", "holding", "coil"])

    def test_nothing_is_done_where_one_is_refused(self):
        self.patch({"/1/0/2": 0, SETPOINT: 40.0})
        before = len(self.slave.writes())
        for code, wrong in (("4.05", {"/3/0/16": "U"}),
                            ("4.04", {"/3308/4/5900": 20}),
                            ("4.00", {SETPOINT: 95}),
                            ("4.00", {PUMP: "on"}),
                            ("4.01", {"/0/0/1": False})):
            with self.subTest(wrong=wrong):
                self.patch({"/1/0/2": 9, "/3306/0/5850": True, **wrong},
                           code)
        self.assertEqual(len(self.slave.writes()), before)
        self.assertEqual(self.server.value("boiler", "/1/0/2"), 0)


class Many(Site):
    """More than a datagram takes, both ways."""

    def test_block_wise_answer(self):
        server = self.server()
        self.gateway(server.port, "devices:\n- endpoint: many\n  bus: sim\n"
                     "  points:\n" + "".join(
                         f"  - {{name: p{i}, signal: constant, "
                         f"value: {i}.5, map: 3303/{i}}}\n"
                         for i in range(80)))
        server.registered("many")
        paths = [f"/3303/{i}/5700" for i in range(80)]
        answer = server.ask("request", "many", "FETCH", "/",
                            hex=names(*paths), format=JSON, accept=JSON)
        self.assertEqual(answer["code"], "2.05", answer)
        self.assertGreater(answer["blocks"], 1)
        self.assertEqual(answer["values"], {
            p: i + 0.5 for i, p in enumerate(paths)})


class ObserveComposite(Site):
    def setUp(self):
        super().setUp()
        self.slave_ = self.slave("1=boiler")
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.slave_.do("set 1 holding 100 200")
        self.gateway(self.relay_.port, sites.boiler(self.slave_.port))
        self.server_.registered("boiler")
        self.server_.wait_value("boiler", FLOW, 20.0)

    def fetch(self, observe, *paths, **options):
        return self.server_.ask(
            "request", "boiler", "FETCH", "/", hex=names(*paths),
            format=JSON, observe=observe, **options)

    def numbered(self, after):
        return [m for m in self.relay_.messages("up", after)
                if m.number(coap.OBSERVE) is not None]

    def test_int_304_one_notification_has_all_paths(self):
        first = self.fetch(0, FLOW, "/3308/0/5900", "/3/0/16", token="c0de")
        self.assertEqual(first["code"], "2.05")
        self.assertIn("observe", first)
        for raw in (210, 220):
            mark = self.server_.mark()
            self.slave_.do(f"set 1 holding 100 {raw}")
            event = self.server_.wait(
                "notification", after=mark,
                where=lambda e, v=raw / 10: e["values"].get(FLOW) == v)
            self.assertEqual(event["token"], "c0de")
            self.assertEqual(event["format"], JSON)
            self.assertEqual(set(event["values"]),
                             {FLOW, SETPOINT, "/3/0/16"})

    def test_int_304_periods(self):
        for path, query in ((FLOW, "pmin=1&pmax=2"), (SETPOINT, "pmin=2")):
            self.assertEqual(self.server_.code("attributes", "boiler", path,
                                               query), "2.04")
        mark = self.relay_.mark()
        self.fetch(0, FLOW, SETPOINT)
        wait_for(lambda: len(self.numbered(mark)) >= 4, "notifications")
        with self.relay_.lock:
            times = [t for t, _, way, d in self.relay_.log[mark:]
                     if way == "up" and
                     coap.decode(d).number(coap.OBSERVE) is not None]
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertGreater(min(gaps), 1.9, gaps)

    def test_others_do_not_notify(self):
        self.fetch(0, SETPOINT, "/3/0/16")
        mark = self.relay_.mark()
        self.slave_.do("set 1 holding 100 290")
        self.server_.wait_value("boiler", FLOW, 29.0)
        self.assertEqual(self.numbered(mark), [])

    def quiet(self, raw):
        mark = self.relay_.mark()
        self.slave_.do(f"set 1 holding 100 {raw}")
        self.server_.wait_value("boiler", FLOW, raw / 10)
        self.assertEqual(self.numbered(mark), [])

    def test_int_305_cancel(self):
        self.fetch(0, FLOW, SETPOINT, token="c0de")
        answer = self.fetch(1, FLOW, SETPOINT, token="c0de")
        self.assertEqual(answer["code"], "2.05")
        self.assertNotIn("observe", answer)
        self.quiet(310)

    def test_cancel_with_another_token(self):
        self.fetch(0, FLOW, SETPOINT, token="c0de")
        self.assertEqual(self.fetch(1, SETPOINT, FLOW)["code"], "2.05")
        self.quiet(320)

    def test_cancel_by_reset(self):
        self.fetch(0, FLOW, SETPOINT, token="c0de")
        self.server_.ask("forget", "boiler", "/")
        mark = self.relay_.mark()
        self.slave_.do("set 1 holding 100 260")
        wait_for(lambda: any(m.kind == coap.RST for m in
                             self.relay_.messages("down", mark)), "a Reset")
        self.server_.wait_value("boiler", FLOW, 26.0)
        self.quiet(270)


class Changes(Site):
    """Observe-Composite while what it observes comes, goes and changes."""
    FOLDER, T = "/16", "/3303/0/5700"

    def start(self):
        self.server_ = self.server()
        self.gateway(self.server_.port, sites.SIM)
        self.server_.registered("sim")
        answer = self.server_.ask(
            "request", "sim", "FETCH", "/", format=JSON, observe=0,
            hex=names(self.FOLDER, self.T, "/3308/0/5900"))
        self.assertEqual(answer["code"], "2.05", answer)
        return answer["values"]

    def notified(self, mark):
        return self.server_.wait("notification", after=mark)["values"]

    def test_int_308_309_an_instance_is_created_and_deleted(self):
        first = self.start()
        mark = self.server_.mark()
        self.assertEqual(self.server_.code(
            "create", "sim", "/16", format=JSON,
            hex=records({"/16/2/0/0": "x"})), "2.01")
        self.assertEqual(self.notified(mark), {**first, "/16/2/0/0": "x"})
        mark = self.server_.mark()
        self.assertEqual(self.server_.code("delete", "sim", "/16/2"), "2.02")
        self.assertEqual(self.notified(mark), first)

    def test_int_310_attributes_change(self):
        first = self.start()
        mark = self.server_.mark()
        self.assertEqual(self.server_.code("attributes", "sim", self.T,
                                           "pmax=1"), "2.04")
        self.assertEqual(self.notified(mark), first)
        self.assertEqual(self.server_.code("attributes", "sim", self.T,
                                           "pmax&gt=100"), "2.04")
        mark = self.server_.mark()
        self.assertEqual(self.server_.code("write", "sim", "/3308/0/5900",
                                           text=25), "2.04")
        self.assertEqual(self.notified(mark),
                         {**first, "/3308/0/5900": 25.0})
