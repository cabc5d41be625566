# SPDX-License-Identifier: GPL-2.0-or-later
"""via: gateway: devices that a server reaches by their prefix, at the gateway's
own endpoint (LwM2M Gateway 1.1)."""
import json

import bootstrap as bs
import sites
from harness import Site, SharedSite, wait_for
from sites import hexed

FLOW, SETPOINT, PUMP = "/3303/0/5700", "/3308/0/5900", "/3306/0/5850"
JSON, CBOR, TLV, LWM2M_CBOR = 110, 112, 11542, 11544


def main(port, more=""):
    return f"""\
        gateway: {{name: e2e, endpoint: gw, object_25: true}}
        servers: [{{id: 1, uri: "coap://127.0.0.1:{port}"{more}}}]
        defaults: {{via: gateway}}
        """


def devices(port, own=False):
    return sites.boiler(port) + f"""\
  - endpoint: cellar
    bus: sim
    poll: 200ms
    points: [{{name: t, signal: constant, value: 12.5, map: 3303/0}}]
  - endpoint: alone
    bus: sim
    via: own
    poll: 200ms
    points: [{{name: t, signal: constant, value: 1, map: 3303/0}}]
"""


def prefixes(server):
    """Of each device, as object 25 has them."""
    values = server.ask("read", "gw", "/25", accept=JSON).get("values", {})
    return {values[p]: "/" + values[p[:-1] + "1"]
            for p in values if p.endswith("/0")}


def names(*paths):
    return hexed(json.dumps([{"n": p} for p in paths]))


class ViaGateway(SharedSite):
    @classmethod
    def build(cls, site):
        cls.slave = site.slave("1=boiler")
        cls.slave.do("set 1 holding 100 217")
        cls.server = site.server()
        site.gateway(cls.server.port, devices(cls.slave.port),
                     **{"lwmux.yaml": main(cls.server.port)})
        cls.server.registered("gw")
        cls.server.registered("alone")
        cls.at = prefixes(cls.server)
        cls.boiler, cls.cellar = cls.at["boiler"], cls.at["cellar"]
        cls.server.wait_value("gw", cls.boiler + FLOW, 21.7)
        cls.server.wait_value("gw", cls.cellar + FLOW, 12.5)

    def ask(self, *words, **options):
        answer = self.server.ask(*words, **options)
        self.assertNotIn("decode_error", answer)
        return answer

    def fetch(self, *paths, **options):
        return self.ask("request", "gw", "FETCH", "/", hex=names(*paths),
                        format=JSON, **options)

    def patch(self, values):
        return self.server.code(
            "request", "gw", "IPATCH", "/", format=JSON, hex=hexed(json.dumps(
                [{"n": p, "v": v} for p, v in values.items()])))

    def test_only_the_gateway_registers(self):
        clients = {e["ep"] for e in self.server.events("registered")}
        self.assertEqual(clients, {"gw", "alone"})
        self.assertEqual(set(self.at), {"boiler", "cellar", "alone"})

    def test_reads_in_every_format(self):
        path = self.boiler + FLOW
        for accept in (0, JSON, CBOR, TLV, 60):
            with self.subTest(accept=accept):
                answer = self.ask("read", "gw", path, accept=accept)
                self.assertEqual((answer["code"], answer["values"]),
                                 ("2.05", {path: 21.7}))

    def test_names_have_the_prefix(self):
        for accept in (JSON, CBOR):
            with self.subTest(accept=accept):
                answer = self.ask("read", "gw", self.boiler + "/3303/0",
                                  accept=accept)
                self.assertEqual(answer["values"][self.boiler + FLOW], 21.7)
        payload = bytes.fromhex(self.ask("read", "gw", self.cellar + FLOW,
                                         accept=JSON)["payload"])
        self.assertEqual(json.loads(payload)[0]["bn"], self.cellar + FLOW)

    def cbor(self, path, value):
        """{"d0": {3308: {0: {5900: value}}}}, as LwM2M CBOR."""
        _, prefix, *ids = path.split("/")
        return "".join(("a1", f"{0x60 + len(prefix):02x}", prefix.encode().hex(),
                        *("a1" + (f"19{i:04x}" if i > 255 else f"{i:02x}")
                          for i in map(int, ids)), value))

    def test_lwm2m_cbor_has_the_prefix_as_its_first_key(self):
        path = self.boiler + SETPOINT
        self.assertEqual(self.server.code("write", "gw", path, text="30.5"),
                         "2.04")
        read = self.server.ask("read", "gw", path, accept=LWM2M_CBOR)
        self.assertEqual(read["payload"], self.cbor(path, "fa41f40000"))
        for words, value in ((("write", "gw", path), 31),
                             (("request", "gw", "IPATCH", "/"), 32)):
            self.assertEqual(self.server.code(
                *words, format=LWM2M_CBOR,
                hex=self.cbor(path, f"18{value:02x}")), "2.04")
            self.assertEqual(self.slave.get(1, "holding", 101), value * 10)
        self.assertEqual(self.server.code(
            "write", "gw", path, format=LWM2M_CBOR,
            hex=self.cbor(self.cellar + SETPOINT, "01")), "4.00")
        both = self.server.ask("request", "gw", "FETCH", "/", format=JSON,
                               hex=names(path, "/3/0/16"),
                               accept=LWM2M_CBOR)
        self.assertEqual(both["payload"], "a203a100a1106155" +
                         self.cbor(path, "fa42000000")[2:])

    def test_what_is_not_there(self):
        for path in ("/d77/3303/0/5700", "/d77", self.boiler + "/3304/0/5700",
                     self.boiler + "/1/0/1", self.at["alone"] + FLOW,
                     "/d5000/3/0", "/d/3/0"):
            with self.subTest(path=path):
                self.assertEqual(self.server.code("read", "gw", path), "4.04")
        self.assertEqual(self.server.code("read", "gw", self.boiler + "/0"),
                         "4.01")
        self.assertEqual(self.server.code("read", "alone",
                                          self.boiler + FLOW), "4.04")

    def test_writes(self):
        path = self.boiler + SETPOINT
        self.assertEqual(self.server.code("write", "gw", path, text="44.5"),
                         "2.04")
        self.assertEqual(self.slave.get(1, "holding", 101), 445)
        self.assertEqual(self.server.code(
            "write", "gw", path, format=JSON,
            hex=hexed(json.dumps([{"n": path, "v": 45.5}]))), "2.04")
        self.assertEqual(self.server.value("gw", path), 45.5)
        # The name of another device is none of this path's.
        self.assertEqual(self.server.code(
            "write", "gw", path, format=JSON,
            hex=hexed(json.dumps([{"n": SETPOINT, "v": 40}]))), "4.00")
        self.assertEqual(self.server.code("write", "gw", path, text="95"),
                         "4.00")
        self.assertEqual(self.slave.get(1, "holding", 101), 455)

    def test_executes(self):
        self.slave.do("set 1 coil 3 0")
        self.assertEqual(self.server.code("execute", "gw",
                                          self.boiler + "/3/0/4"), "2.04")
        self.assertEqual(self.slave.get(1, "coil", 3), 1)

    def test_discovers(self):
        answer = self.server.ask("discover", "gw", self.cellar + "/3303")
        self.assertEqual(answer["code"], "2.05")
        links = ",".join(answer["links"])
        self.assertIn(f"<{self.cellar}/3303>;ver=1.1", links)
        self.assertIn(f"<{self.cellar}/3303/0/5700>", links)
        self.assertNotIn("</3303", links)

    def test_attributes_are_the_devices(self):
        path = self.cellar + FLOW
        self.assertEqual(self.server.code("attributes", "gw", path,
                                          "pmin=3"), "2.04")
        links = self.server.ask("discover", "gw", path)["links"]
        self.assertIn(f"<{path}>;pmin=3", ",".join(links))
        links = self.server.ask("discover", "gw", self.boiler + FLOW)["links"]
        self.assertNotIn("pmin", ",".join(links))

    def test_read_composite_of_one_and_of_several(self):
        wanted = {self.boiler + FLOW: 21.7}
        self.assertEqual(self.fetch(*wanted)["values"], wanted)
        wanted.update({self.cellar + FLOW: 12.5, "/3/0/16": "U"})
        for accept in (JSON, CBOR):
            answer = self.fetch(*wanted, "/d77/3/0", accept=accept)
            self.assertEqual(answer["values"], wanted)
        self.assertEqual(self.fetch(*wanted, accept=TLV)["code"], "4.06")

    def test_write_composite_of_one_device(self):
        self.assertEqual(self.patch({self.boiler + SETPOINT: 51,
                                     self.boiler + "/3303/0/5518": 5}),
                         "4.05")
        self.assertEqual(self.patch({self.boiler + SETPOINT: 52}), "2.04")
        self.assertEqual(self.slave.get(1, "holding", 101), 520)
        # All or nothing is not to be had of several.
        self.assertEqual(self.patch({self.boiler + SETPOINT: 53,
                                     self.cellar + FLOW: 1}), "4.00")
        self.assertEqual(self.slave.get(1, "holding", 101), 520)

    def test_observes_and_cancels(self):
        path = self.boiler + SETPOINT
        first = self.ask("observe", "gw", path)
        self.assertEqual(first["code"], "2.05")
        mark = self.server.mark()
        self.slave.do("set 1 holding 101 600")
        event = self.server.wait("notification", after=mark, ep="gw",
                                 path=path, where=lambda e:
                                 e["values"].get(path) == 60.0)
        self.assertEqual(event["token"], first["token"])
        self.assertEqual(self.server.code("cancel", "gw", path), "2.05")
        mark = self.server.mark()
        self.slave.do("set 1 holding 101 610")
        self.server.wait_value("gw", path, 61.0)
        self.assertEqual(self.server.events("notification", after=mark), [])

    def test_observe_composite_of_one_device(self):
        flow, setpoint = self.boiler + FLOW, self.boiler + SETPOINT
        self.assertEqual(self.fetch(flow, setpoint, observe=0,
                                    token="c0de")["code"], "2.05")
        mark = self.server.mark()
        self.slave.do("set 1 holding 101 620")
        event = self.server.wait("notification", after=mark, token="c0de")
        self.assertEqual(event["values"], {flow: 21.7, setpoint: 62.0})
        self.assertEqual(self.fetch(flow, setpoint, observe=1,
                                    token="c0de")["code"], "2.05")
        self.assertEqual(self.fetch(flow, self.cellar + FLOW,
                                    observe=0)["code"], "4.00")


class Both(Site):
    """via: both: registered, and behind the gateway, too."""

    def setUp(self):
        super().setUp()
        self.slave_ = self.slave("1=boiler")
        self.slave_.do("set 1 holding 100 100")
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.site = self.gateway(
            self.relay_.port, devices(self.slave_.port),
            **{"lwmux.yaml": self.main("both")})
        self.server_.registered("gw")
        self.server_.registered("boiler")
        self.boiler = prefixes(self.server_)["boiler"]
        self.ways = {("boiler", FLOW), ("gw", self.boiler + FLOW)}
        for ep, path in self.ways:
            self.server_.wait_value(ep, path, 10.0)

    def main(self, via):
        return main(self.relay_.port).replace("via: gateway", f"via: {via}")

    def observe(self):
        for ep, path in self.ways:
            self.assertEqual(self.server_.code("observe", ep, path,
                                               accept=JSON), "2.05")

    def told(self, after, values):
        """Each way has told them, by its own names."""
        def seen(ep, path):
            events = [e for e in self.server_.events(after=after)
                      if e["event"] in ("send", "notification")
                      and e["ep"] == ep]
            return {v for e in events for p, v in [
                *e.get("values", {}).items(),
                *((r[0], r[1]) for r in e.get("records", []))] if p == path}
        for ep, path in self.ways:
            wait_for(lambda e=ep, p=path: values <= seen(e, p),
                     f"{values} of {ep} {path}", timeout=60)
            self.assertEqual({p for p in ("boiler", "gw") if seen(p, path)},
                             {ep})

    def test_each_way_has_its_own_observation(self):
        self.observe()
        mark = self.server_.mark()
        self.slave_.do("set 1 holding 100 110")
        self.told(mark, {11.0})
        self.assertEqual(self.server_.code("cancel", "boiler", FLOW), "2.05")
        self.ways.remove(("boiler", FLOW))
        mark = self.server_.mark()
        self.slave_.do("set 1 holding 100 120")
        self.told(mark, {12.0})

    def test_what_was_written_and_attached_is_kept_apart(self):
        for (ep, path), pmin in zip(sorted(self.ways), (3, 4)):
            self.assertEqual(self.server_.code("attributes", ep, path,
                                               f"pmin={pmin}"), "2.04")
        self.assertEqual(self.server_.code(
            "write", "gw", self.boiler + SETPOINT, text="44"), "2.04")
        self.assertEqual(self.server_.value("boiler", SETPOINT), 44)
        for path in ("/1", "/1/0", "/1/0/1"):   # its account with the server
            self.assertEqual(self.server_.code("read", "gw",
                                               self.boiler + path), "4.01")
        self.assertEqual(self.server_.ask(
            "request", "gw", "FETCH", "/", format=JSON, hex=names(
                self.boiler + "/1/0", self.boiler + SETPOINT))["values"],
            {self.boiler + SETPOINT: 44})
        mark = self.server_.mark()
        self.site.restart()
        for ep in ("gw", "boiler"):
            self.server_.registered(ep, after=mark)
        for (ep, path), pmin in zip(sorted(self.ways), (3, 4)):
            links = self.server_.ask("discover", ep, path)["links"]
            self.assertIn(f"<{path}>;pmin={pmin}", ",".join(links))

    def test_its_account_is_sent_its_own_way_alone(self):
        mark = self.server_.mark()
        for path in ("1/0", SETPOINT):
            self.assertEqual(self.site.ctl("send", "boiler", path).returncode,
                             0)
        sent = {}
        for ep, path in (("boiler", SETPOINT), ("gw", self.boiler + SETPOINT)):
            self.server_.wait("send", after=mark, ep=ep, where=lambda e, p=path:
                              p in e["values"])
            sent[ep] = [p for e in self.server_.events("send", mark, ep=ep)
                        for p in e["values"]]
        self.assertIn("/1/0/1", sent["boiler"])
        self.assertEqual(sent["gw"], [self.boiler + SETPOINT])

    def test_each_way_has_what_it_missed(self):
        self.observe()
        self.relay_.rule = lambda way, *_: 0 if way == "up" else 1
        for raw in (110, 120, 130):
            self.slave_.do(f"set 1 holding 100 {raw}")
            wait_for(lambda v=raw / 10: f"{v:g}" in self.site.ctl(
                "read", "boiler", FLOW).stdout, f"{raw} at the agent")
        mark = self.server_.mark()
        self.relay_.rule = None
        self.told(mark, {11.0, 12.0, 13.0})

    def test_status_and_metrics_know_both(self):
        first, second = self.site.status("boiler")["endpoints"][0]["servers"]
        self.assertEqual([first["state"], second["state"]], ["registered"] * 2)
        self.assertNotIn("prefix", first)
        self.assertEqual("/" + second["prefix"], self.boiler)
        lines = [l.rsplit(" ", 1)[0] for l in
                 self.site.ctl("metrics").stdout.splitlines()]
        self.assertEqual(sorted(set(lines)), sorted(lines))

    def test_bootstrap_leaves_the_other_way_alone(self):
        lifetime = None             # refused

        def script(_):
            return lifetime and bs.usual(self.relay_.port, 101, lifetime)
        boot = self.add(bs.BootstrapServer(script))
        self.site.write("lwmux.yaml", self.main("both") +
                        f"bootstrap: {{uri: '{boot.uri}'}}\n")
        self.site.write("conf.d/devices.yaml", devices(
            self.slave_.port).replace("endpoint: boiler",
                                      "endpoint: boiler\n    bootstrap: first"))
        mark = self.server_.mark()
        self.site.reload()
        self.server_.registered("gw", after=mark)
        wait_for(lambda: self.site.status("boiler")["endpoints"][0]["servers"]
                 [0]["state"] == "registered", "the prefix")
        status = self.site.status("boiler")
        self.assertEqual((status["health"], status["endpoints"][0]["bootstrap"]
                          ["accounts"]), ("degraded", "none"))
        lifetime = 300
        self.assertEqual(self.site.ctl("bootstrap", "boiler").returncode, 0)
        self.server_.registered("boiler", after=mark)
        path = prefixes(self.server_)["boiler"] + FLOW
        self.server_.wait_value("gw", path, 10.0)
        self.assertEqual(self.server_.code("observe", "gw", path), "2.05")
        for lifetime, value in ((400, 11.0), (500, 12.0)):
            self.server_.wait_value("boiler", FLOW, value - 1)
            mark = self.server_.mark()
            self.assertEqual(self.server_.code("execute", "boiler", "/1/0/9"),
                             "2.04")
            self.server_.registered("boiler", after=mark)
            mark = self.server_.mark()
            self.slave_.do(f"set 1 holding 100 {value * 10:.0f}")
            self.server_.wait("notification", after=mark, ep="gw")
            self.server_.wait_value("gw", path, value)

    def test_reloads(self):
        mark = self.server_.mark()
        self.site.reload()
        self.assertEqual(self.server_.events("registered", after=mark,
                                             ep="boiler"), [])
        self.site.write("lwmux.yaml", self.main("own"))
        self.site.reload()
        wait_for(lambda: self.server_.code("read", "gw", self.boiler + FLOW)
                 == "4.04", "the end of the prefix")
        self.server_.registered("boiler", after=mark)
        self.server_.wait_value("boiler", FLOW, 10.0)


class Kept(Site):
    """What a server could not be told is told later, with the prefix."""

    def setUp(self):
        super().setUp()
        self.slave_ = self.slave("1=boiler")
        self.slave_.do("set 1 holding 100 100")
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.site = self.gateway(
            self.relay_.port, devices(self.slave_.port),
            **{"lwmux.yaml": main(self.relay_.port)})
        self.server_.registered("gw")
        self.at = prefixes(self.server_)
        self.path = self.at["boiler"] + FLOW
        self.server_.wait_value("gw", self.path, 10.0)

    def told(self, after):
        events = [e for e in self.server_.events(after=after)
                  if e["event"] in ("send", "notification")]
        return {e["values"].get(self.path) for e in events} | {
            v for e in events for p, v, _ in e.get("records", [])
            if p == self.path}

    def test_the_status_tells_the_prefix(self):
        server, = self.site.status("cellar")["endpoints"][0]["servers"]
        self.assertEqual(("/" + server["prefix"], server["state"]),
                         (self.at["cellar"], "registered"))
        self.assertIn(f"by the gateway as {self.at['cellar']}",
                      self.site.ctl("status", "cellar").stdout)

    def test_sends_with_the_prefix(self):
        mark = self.server_.mark()
        self.site.ctl("send", "boiler", FLOW)
        event = self.server_.wait("send", after=mark, ep="gw")
        self.assertEqual(event["values"], {self.path: 10.0})

    def test_values_of_an_outage_come_later(self):
        self.assertEqual(self.server_.code("observe", "gw", self.path,
                                           accept=JSON), "2.05")
        self.relay_.rule = lambda way, *_: 0 if way == "up" else 1
        for raw in (110, 120, 130):
            self.slave_.do(f"set 1 holding 100 {raw}")
            wait_for(lambda v=raw / 10: f"{v:g}" in self.site.ctl(
                "read", "boiler", FLOW).stdout, f"{raw} at the agent")
        mark = self.server_.mark()
        self.relay_.rule = None
        wait_for(lambda: 13.0 in self.told(mark), "the values of the outage",
                 timeout=60)
        self.assertLessEqual({11.0, 12.0, 13.0}, self.told(mark))

    def test_a_device_that_goes_ends_its_observations(self):
        token = self.server_.ask("observe", "gw", self.path)["token"]
        mark = self.server_.mark()
        self.site.write("conf.d/devices.yaml", "devices: []\n")
        self.site.reload()
        self.server_.wait("response", after=mark, code="4.04", token=token,
                          type="NON")
        wait_for(lambda: self.server_.code("read", "gw", self.path) == "4.04",
                 "the end of the prefix")

    def test_a_new_server_gets_them_all(self):
        mark = self.server_.mark()
        self.site.write("lwmux.yaml", main(self.relay_.port,
                                           ", lifetime: 120s"))
        self.site.reload()
        self.server_.registered("gw", after=mark)
        at = prefixes(self.server_)
        self.assertEqual(set(at), {"boiler", "cellar", "alone"})
        self.server_.wait_value("gw", at["boiler"] + FLOW, 10.0)
