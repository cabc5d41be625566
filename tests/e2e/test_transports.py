# SPDX-License-Identifier: GPL-2.0-or-later
"""One server over two transports: `uri` and `other_uri` of the configuration,
/1/x/22 (Core TS 1.2 E.2: Preferred Transport)."""
import contextlib
import signal
import socket
import threading

import bootstrap as bs
import sites
from harness import WAIT, Site, wait_for
from scaled import ScaledSite
from secure import PSK, Secure
from test_via_gateway import prefixes

T, OTHER = "/3303/0/5700", "/1/0/22"
DEVICE = """\
  - endpoint: {}
    bus: sim
    poll: 200ms
    points:
      - {{name: air, signal: constant, value: 21.5, map: 3303/0}}
"""
SLEEPS = """poll: 200ms
    queue: true
    awake_time: 1s
    silent_after: 60s
    quiet_every: 14s
    quiet_for: 10s"""


class Door:
    """A TCP port that is closed, until it is opened and leads to another."""

    def __init__(self, to):
        self.to = to
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.ends = []

    def open(self):
        self.socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                inner, _ = self.socket.accept()
                outer = socket.create_connection(("127.0.0.1", self.to))
                self.ends += [inner, outer]
                for a, b in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self._carry, args=(a, b),
                                     daemon=True).start()

    @staticmethod
    def _carry(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_RDWR)

    def end(self):
        for s in [self.socket, *self.ends]:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


class Ways:
    def start(self, server, uri, other, devices=sites.SIM, more="", **options):
        return self.gateway(1, devices, **options, **{"lwmux.yaml": (
            "gateway: {name: e2e}\nservers:\n"
            f"  - {{id: 1, uri: '{uri}', other_uri: '{other}', "
            f"lwm2m: '1.1', lifetime: 5min{more}}}\n")})

    def both(self, server, first="coap", **options):
        ways = {"coap": f"coap://127.0.0.1:{server.port}",
                "coap+tcp": f"coap+tcp://127.0.0.1:{server.ports['tcp']}"}
        uri = ways.pop(first)
        return self.start(server, uri, *ways.values(), **options)

    def door(self, server):
        return self.add(Door(server.ports["tcp"]))

    @staticmethod
    def way(gateway, ep="sim"):
        (server,) = gateway.status(ep)["endpoints"][0]["servers"]
        return server["uri"].partition("://")[0]

    def wait_way(self, gateway, ep, way, timeout=WAIT):
        wait_for(lambda: self.way(gateway, ep) == way, f"{ep} at {way}",
                 timeout)


class TwoTransports(Ways, Site):
    def test_both_are_told_and_the_first_is_taken(self):
        for first, letter in (("coap", "U"), ("coap+tcp", "T")):
            with self.subTest(first):
                server = self.server(tcp=0)
                gateway = self.both(server, first)
                self.assertEqual(server.registered("sim")["b"], "UT")
                self.assertEqual(self.way(gateway), first)
                self.assertEqual(server.value("sim", "/1/0/7"), "UT")
                self.assertEqual(server.value("sim", OTHER), letter)
                self.assertEqual(server.value("sim", "/3/0/16"), "UT")
                self.assertEqual(server.value("sim", T), 21.5)
                self.assertEqual(gateway.stop(), 0)
                server.wait("unregistered", ep="sim")

    def test_1_x_22_changes_the_transport(self):
        server = self.server(tcp=0)
        gateway = self.both(server)
        server.registered("sim")
        for letter, way in (("T", "coap+tcp"), ("U", "coap")):
            mark = server.mark()
            self.assertEqual(server.code("write", "sim", OTHER, text=letter),
                             "2.04")
            server.registered("sim", after=mark)
            self.assertEqual(self.way(gateway), way)
            self.assertEqual(server.value("sim", T), 21.5)
        for none in ("S", "N", "Q", "UT", ""):
            self.assertEqual(server.code("write", "sim", OTHER, text=none),
                             "4.00", none)

    def test_what_was_written_holds_over_a_kill(self):
        server = self.server(tcp=0)
        gateway = self.both(server)
        server.registered("sim")
        mark = server.mark()
        self.assertEqual(server.code("write", "sim", OTHER, text="T"), "2.04")
        server.registered("sim", after=mark)
        mark = server.mark()
        gateway.restart(signal.SIGKILL)
        server.registered("sim", after=mark)
        self.assertEqual(self.way(gateway), "coap+tcp")
        self.assertEqual(server.value("sim", OTHER), "T")

    def test_what_is_written_over_the_other_one_holds(self):
        server = self.server(tcp=0)
        gateway = self.both(server)
        server.registered("sim")
        mark = server.mark()
        self.assertEqual(server.code("write", "sim", OTHER, text="T"), "2.04")
        server.registered("sim", after=mark)
        for lifetime, letter, way in ((120, "T", "coap+tcp"),
                                      (150, "U", "coap")):
            server.shorten("sim", lifetime)
            mark = server.mark()
            gateway.restart()
            self.assertEqual(server.registered("sim", after=mark)["lt"],
                             lifetime)
            self.assertEqual(self.way(gateway), way)
            mark = server.mark()
            server.ask("write", "sim", OTHER, text="U")
            if letter == "T":
                server.registered("sim", after=mark)
        self.assertEqual([line for line in gateway.log()
                          if "dropped" in line], [])

    def test_queue_mode_goes_with_it(self):
        server = self.server(tcp=0)
        gateway = self.both(server, devices=sites.SIM.replace(
            "poll:", "queue: true\n    poll:"))
        event = server.registered("sim")
        self.assertEqual((event["b"], event["queue"]), ("UT", True))
        self.assertEqual(server.value("sim", "/1/0/7"), "UTQ")
        mark = server.mark()
        self.assertEqual(server.code("write", "sim", OTHER, text="T"), "2.04")
        self.assertTrue(server.registered("sim", after=mark)["queue"])
        self.assertEqual(self.way(gateway), "coap+tcp")

        for text, code in (("UT", "4.00"), ("UTQ", "2.04"), ("TUQ", "4.00")):
            self.assertEqual(server.code("write", "sim", "/1/0/7", text=text),
                             code, text)

    def test_a_server_switches_queue_mode_of_both(self):
        server = self.server(tcp=0)
        self.both(server)
        server.registered("sim")
        for text, queue in (("UTQ", True), ("UT", False), ("UQT", True)):
            mark = server.mark()
            self.assertEqual(server.code("write", "sim", "/1/0/7", text=text),
                             "2.04")
            event = server.registered("sim", after=mark)
            self.assertEqual((event["b"], event["queue"]), ("UT", queue))

    def test_where_the_first_does_not_answer_the_other_is_tried_at_once(self):
        server = self.server(tcp=0)
        door = self.door(server)
        gateway = self.start(server, f"coap+tcp://127.0.0.1:{door.port}",
                             f"coap://127.0.0.1:{server.port}")
        server.registered("sim")
        self.assertEqual(self.way(gateway), "coap")
        gateway.wait_log("sim", "does not answer: registers at coap://")
        self.assertEqual(server.value("sim", T), 21.5)

    def test_who_fell_back_follows_the_first_one_that_gets_through(self):
        server = self.server(tcp=0)
        door = self.door(server)
        devices = "devices:\n" + DEVICE.format("a")
        gateway = self.start(server, f"coap+tcp://127.0.0.1:{door.port}",
                             f"coap://127.0.0.1:{server.port}", devices)
        server.registered("a")
        server.ask("execute", "a", "/1/0/8")
        server.wait("updated", ep="a")
        self.assertEqual(self.way(gateway, "a"), "coap")    # not proven yet
        door.open()
        gateway.write("conf.d/devices.yaml", devices + DEVICE.format("b"))
        gateway.reload()
        server.registered("b")
        self.assertEqual(self.way(gateway, "b"), "coap+tcp")
        mark = server.mark()
        server.ask("execute", "a", "/1/0/8")
        server.registered("a", after=mark)
        self.assertEqual(self.way(gateway, "a"), "coap+tcp")
        self.assertEqual(server.value("a", T), 21.5)

    def test_none_returns_before_it_has_answered(self):
        """A Write that a sleeping device holds is answered over the line that
        it came by."""
        server = self.server(tcp=0)
        door = self.door(server)
        sleeper = DEVICE.format("a").replace("poll: 200ms", SLEEPS) + \
            "      - {name: set, value: 20, map: 3308/0, writable: true}\n"
        gateway = self.start(server, f"coap+tcp://127.0.0.1:{door.port}",
                             f"coap://127.0.0.1:{server.port}",
                             "devices:\n" + sleeper)
        server.registered("a")
        for state in "online", "asleep":
            wait_for(lambda: gateway.status("a")["endpoints"][0]["state"] ==
                     state, state)
        held = server.send("write", "a", "/3308/0/5900", text=24,
                           timeout=30000)
        wait_for(lambda: gateway.status("a")["endpoints"][0].get("held") == 1,
                 "a held write")
        door.open()
        gateway.write("conf.d/devices.yaml",
                      "devices:\n" + sleeper + DEVICE.format("b"))
        gateway.reload()
        server.registered("b")
        self.assertEqual(self.way(gateway, "b"), "coap+tcp")
        mark = server.mark()
        server.ask("execute", "a", "/1/0/8")
        server.wait("updated", after=mark, ep="a")
        self.assertEqual(self.way(gateway, "a"), "coap")
        self.assertEqual(server.answer(held).get("code"), "2.04")
        server.registered("a", after=mark)      # with a later Update
        self.wait_way(gateway, "a", "coap+tcp")

    def test_a_connection_that_ends_goes_on_over_the_other(self):
        server = self.server(tcp=0)
        door = self.door(server)
        door.open()
        gateway = self.start(server, f"coap+tcp://127.0.0.1:{door.port}",
                             f"coap://127.0.0.1:{server.port}")
        server.registered("sim")
        self.assertEqual(self.way(gateway), "coap+tcp")
        mark = server.mark()
        door.end()
        server.registered("sim", after=mark)
        self.assertEqual(self.way(gateway), "coap")

    def test_neither_answers(self):
        server = self.server(tcp=0)
        door, other = self.door(server), self.add(Door(server.port))
        gateway = self.start(server, f"coap+tcp://127.0.0.1:{door.port}",
                             f"coap://127.0.0.1:{other.port}")
        gateway.wait_log("sim", "coap+tcp://", "cannot be reached")
        gateway.wait_log("sim", "coap://", "connection refused")
        (there,) = gateway.status("sim")["endpoints"][0]["servers"]
        self.assertEqual(there["state"], "registering")
        self.assertIn("connection refused", there["trouble"])

    def test_a_reload_that_takes_it_away_and_brings_it(self):
        server = self.server(tcp=0)
        gateway = self.both(server, "coap+tcp")
        server.registered("sim")
        for text, b in ((f"uri: 'coap://127.0.0.1:{server.port}'", "U"),
                        (f"uri: 'coap://127.0.0.1:{server.port}', other_uri: "
                         f"'coap+tcp://127.0.0.1:{server.ports['tcp']}'", "UT")):
            mark = server.mark()
            gateway.write("lwmux.yaml", "gateway: {name: e2e}\nservers:\n"
                          f"  - {{id: 1, lwm2m: '1.1', {text}}}\n")
            gateway.reload()
            server.wait("registered", after=mark, ep="sim", b=b)
            self.assertEqual(server.value("sim", T), 21.5)
        wait_for(lambda: self.way(gateway) == "coap", "the first transport")

    def test_what_cannot_be_is_refused_where_it_stands(self):
        for uri, other, more, words in (
                ("coap://h", "coap://i", "", "begin with coap+tcp://"),
                ("coap+tcp://h", "coaps://h", "", "begin with coap://"),
                ("coaps://h", "coap+tcp://h",
                 "security: psk, key_file: k, ", "begin with coaps+tcp://"),
                ("coap://h", "coap+tcp://h:0", "", "1 to 65535"),
                ("coap://h", "http://h", "", "coaps+tcp://")):
            gateway = self.gateway(1, sites.SIM, start=False, **{
                "lwmux.yaml": "gateway: {name: e2e}\nservers:\n"
                f"  - {{id: 1, uri: '{uri}', {more}\n"
                f"     other_uri: '{other}'}}\n"})
            done = gateway.once("--check")
            self.assertEqual(done.returncode, 1, done.stdout)
            text = done.stdout + done.stderr
            self.assertIn("lwmux.yaml:4:17", text)
            self.assertIn("'other_uri' is", text)
            self.assertIn(words, text)


class Carried(Ways, Site):
    def site(self, server):
        return self.gateway(1, self.devices("a"), **{"lwmux.yaml": f"""\
gateway: {{name: e2e, endpoint: gw, object_25: true}}
servers:
  - {{id: 1, uri: 'coap://127.0.0.1:{server.port}', lifetime: 5min,
     other_uri: 'coap+tcp://127.0.0.1:{server.ports['tcp']}'}}
"""})

    @staticmethod
    def devices(*names, via="gateway"):
        more = (f"    via: {via}\n    points:\n"
                "      - {name: set, value: 20, map: 3308/0, writable: true}\n")
        return "devices:\n" + "".join(
            DEVICE.format(n).replace("    points:\n", more) for n in names)

    def follows(self, server, path, value):
        """A notification over the line that is in use."""
        server.wait_value("gw", path, value - 1)
        self.assertEqual(server.code("observe", "gw", path), "2.05")
        mark = server.mark()
        server.ask("write", "gw", path, text=value)
        server.wait("notification", after=mark, ep="gw", where=lambda e:
                    e["values"].get(path) == value)

    def test_devices_behind_the_gateway_go_with_it(self):
        server = self.server(tcp=0)
        gateway = self.site(server)
        server.registered("gw")
        a = wait_for(lambda: prefixes(server).get("a"), "a")
        for i, (letter, way) in enumerate((("T", "coap+tcp"), ("U", "coap"))):
            self.follows(server, a + "/3308/0/5900", 21 + 2 * i)
            mark = server.mark()
            server.ask("write", "gw", OTHER, text=letter)
            server.registered("gw", after=mark)
            for ep in "gw", "a":
                self.assertEqual(self.way(gateway, ep), way)
            self.follows(server, a + "/3308/0/5900", 22 + 2 * i)

    def test_devices_come_while_the_gateway_is_at_the_other(self):
        server = self.server(tcp=0)
        gateway = self.site(server)
        server.registered("gw")
        mark = server.mark()
        server.ask("write", "gw", OTHER, text="T")
        server.registered("gw", after=mark)
        gateway.write("conf.d/devices.yaml", self.devices("a", "b"))
        gateway.write("conf.d/more.yaml", self.devices("c", via="both"))
        gateway.reload()
        server.registered("c")
        for ep in "a", "b", "c":
            at = wait_for(lambda: prefixes(server).get(ep), ep)
            server.wait_value("gw", at + T, 21.5)
        self.assertEqual(self.way(gateway, "b"), "coap+tcp")
        self.assertEqual(server.value("c", T), 21.5)
        self.assertIn('{server="1",state="registered"} 5',
                      gateway.ctl("metrics").stdout)


class Secured(Secure):
    def test_dtls_and_tls_with_one_key(self):
        server = self.psk_server("dev", tls=0)
        uris = (f"coaps://127.0.0.1:{server.ports['coaps']}",
                f"coaps+tcp://127.0.0.1:{server.ports['tls']}")
        for first, second, letter in ((0, 1, "T"), (1, 0, "U")):
            mark = server.mark()
            gateway = self.secured(
                uris[first], f"{PSK}\n    other_uri: {uris[second]}", "dev")
            for uri in uris[first], uris[second]:
                event = server.registered("dev", after=mark)
                self.assertEqual((event["security"], event["identity"]),
                                 ("psk", "dev"))
                self.assertEqual(server.value("dev", T), 21.5)
                there, = gateway.status("dev")["endpoints"][0]["servers"]
                self.assertEqual(there["uri"], uri)
                self.assertIn("cipher_suite", there)
                mark = server.mark()
                server.ask("write", "dev", OTHER, text=letter)
            gateway.stop()


class Outages(Ways, ScaledSite):
    SCALE = 60

    def test_where_neither_answers_the_bootstrap_server_is_asked(self):
        server, shut = self.server(), self.add(Door(0))
        nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        nobody.bind(("127.0.0.1", 0))
        udp = f"coap://127.0.0.1:{nobody.getsockname()[1]}"
        nobody.close()
        boot = self.add(bs.BootstrapServer(bs.usual(server.port)))
        gateway = self.start(None, f"coap+tcp://127.0.0.1:{shut.port}", udp,
                             more=", retry_count: 1}\nbootstrap: "
                             f"{{uri: '{boot.uri}'")
        server.registered("sim", timeout=3 * WAIT)
        gateway.wait_log("does not answer: registers at " + udp)
        self.assertEqual(len(boot.asked), 1)

    def test_where_the_other_answers_no_bootstrap_server_is_asked(self):
        server = self.server(tcp=0)
        boot = self.add(bs.BootstrapServer(bs.usual(server.port)))
        gateway = self.start(None,
                             f"coap+tcp://127.0.0.1:{self.door(server).port}",
                             f"coap://127.0.0.1:{server.port}",
                             more=", retry_count: 1}\nbootstrap: "
                             f"{{uri: '{boot.uri}'")
        server.registered("sim")
        self.assertEqual(self.way(gateway), "coap")
        self.assertEqual(server.value("sim", T), 21.5)
        self.assertEqual(boot.asked, [])

    def test_what_ends_over_the_other_goes_on_over_the_first(self):
        """Not after retry_timer: a day, 24 minutes here."""
        server = self.server(tcp=0)
        door, relay = self.door(server), self.relay(server)
        door.open()
        relay.rule = lambda *_: 0
        gateway = self.start(None, f"coap://127.0.0.1:{relay.port}",
                             f"coap+tcp://127.0.0.1:{door.port}",
                             more=", retry_timer: 1d")
        server.registered("sim")
        self.assertEqual(self.way(gateway), "coap+tcp")
        relay.rule = None
        mark = server.mark()
        door.end()
        server.registered("sim", after=mark)
        self.assertEqual(self.way(gateway), "coap")

    def test_all_return_by_themselves(self):
        """An hour after the first one was closed."""
        server = self.server(tcp=0)
        door = self.door(server)
        names = [f"sim-{i}" for i in range(4)]
        gateway = self.start(None, f"coap+tcp://127.0.0.1:{door.port}",
                             f"coap://127.0.0.1:{server.port}",
                             "devices:\n" + "".join(map(DEVICE.format,
                                                        names)))
        for name in names:
            server.registered(name)
            self.assertEqual(self.way(gateway, name), "coap")
        mark = server.mark()
        door.open()
        for name in names:
            server.registered(name, after=mark, timeout=180)
            self.wait_way(gateway, name, "coap+tcp")
            self.assertEqual(server.value(name, T), 21.5)
            self.assertEqual(len(server.events("registered", after=mark,
                                               ep=name)), 1)
