# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects 3 and 6 with content: clocks, errors, battery, restarts, places."""
import signal
import time

import sites
from harness import Site, SharedSite, wait_for

TEXT, JSON, TLV = 0, 110, 11542

FACTS = """\
    device_type: thermometer
    hardware_version: B2
    firmware_version: "1.4"
    software_version: "7"
    timezone: Asia/Kathmandu
    utc_offset: "+05:45"
    location: {latitude: 27.7172, longitude: 85.3240, altitude: 1400}
"""

DEVICES = sites.SIM.replace("    points:", FACTS + "    points:") + """\
      - {name: battery, value: 80, map: 3/0/9, writable: false}
      - {name: status, value: 0, map: 3/0/20}
      - {name: source-1, value: 1, map: 3/0/6/0}
      - {name: source-2, value: 5, map: 3/0/6/1}
      - {name: volts-1, value: 3.1, scale: 1000, map: 3/0/7/0}
      - {name: volts-2, value: 5.0, scale: 1000, map: 3/0/7/1}
      - {name: amps-1, value: 0.02, scale: 1000, map: 3/0/8/0}
      - {name: restart, value: 0, map: 3/0/4, on_execute: 1}
      - {name: wipe, value: 0, map: 3/0/5, on_execute: 1}
  - endpoint: plain
    bus: sim
    poll: 200ms
    points: [{name: t, value: 1, map: 3303/0}]
"""


class Facts(SharedSite):
    @classmethod
    def build(cls, site):
        cls.server = site.server()
        site.gateway(cls.server.port, DEVICES)
        cls.server.registered("sim")
        cls.server.registered("plain")

    def device(self, ep):
        answer = self.server.ask("read", ep, "/3/0", accept=TLV)
        self.assertEqual(answer["code"], "2.05", answer)
        self.assertNotIn("decode_error", answer)
        return answer["values"]

    def test_what_the_site_says(self):
        values = self.device("sim")
        for path, expected in (
                ("/3/0/3", "1.4"), ("/3/0/14", "+05:45"),
                ("/3/0/15", "Asia/Kathmandu"), ("/3/0/16", "U"),
                ("/3/0/17", "thermometer"), ("/3/0/18", "B2"),
                ("/3/0/19", "7"), ("/3/0/9", 80), ("/3/0/20", 0),
                ("/3/0/6/0", 1), ("/3/0/6/1", 5), ("/3/0/7/0", 3100),
                ("/3/0/7/1", 5000), ("/3/0/8/0", 20), ("/3/0/11/0", 0)):
            with self.subTest(path=path):
                self.assertEqual(values[path], expected)

    def test_what_is_not_known_is_not_there(self):
        values = self.device("plain")
        for path in ("/3/0/0", "/3/0/3", "/3/0/9", "/3/0/10", "/3/0/17",
                     "/3/0/18", "/3/0/19", "/3/0/21"):
            self.assertNotIn(path, values)
        self.assertEqual(self.server.code("read", "plain", "/6"), "4.04")

    def test_the_clock_runs(self):
        first = self.server.value("plain", "/3/0/13", accept=TEXT)
        self.assertLessEqual(abs(first - time.time()), 2)
        wait_for(lambda: self.server.value("plain", "/3/0/13",
                                           accept=TEXT) > first,
                 "the next second")

    def test_offset_of_the_system(self):
        self.assertEqual(self.device("plain")["/3/0/14"],
                         time.strftime("%z")[:3] + ":" +
                         time.strftime("%z")[3:])

    def test_location(self):
        values = self.server.ask("read", "sim", "/6/0", accept=JSON)["values"]
        self.assertEqual(values["/6/0/0"], 27.7172)
        self.assertEqual(values["/6/0/1"], 85.324)
        self.assertEqual(values["/6/0/2"], 1400)
        self.assertLessEqual(abs(values["/6/0/5"] - time.time()), 60)


class Changes(Site):
    def start(self, devices=DEVICES):
        server = self.server()
        gateway = self.gateway(server.port, devices)
        for ep in ("sim", "plain"):
            server.registered(ep)
        return server, gateway

    def test_a_clock_that_was_set_goes_on_and_outlives_a_restart(self):
        server, gateway = self.start()
        for path, text in (("/3/0/13", 1367491215), ("/3/0/14", "+02:00"),
                           ("/3/0/15", "Europe/Paris")):
            self.assertEqual(server.code("write", "sim", path, text=text),
                             "2.04")
        set_at = time.time()
        mark = server.mark()
        gateway.restart(signal.SIGTERM)
        for ep in ("sim", "plain"):
            server.registered(ep, after=mark)
        clock = server.value("sim", "/3/0/13", accept=TEXT)
        self.assertLessEqual(
            abs(clock - 1367491215 - (time.time() - set_at)), 2)
        self.assertEqual(server.value("sim", "/3/0/14"), "+02:00")
        self.assertEqual(server.value("sim", "/3/0/15"), "Europe/Paris")
        self.assertLessEqual(abs(server.value("plain", "/3/0/13",
                                              accept=TEXT) - time.time()), 2)

    def test_the_clock_notifies_by_pmax_only(self):
        server, _ = self.start()
        server.code("attributes", "sim", "/3/0/13", "pmin=0&pmax=2")
        mark = server.mark()
        self.assertEqual(server.code("observe", "sim", "/3/0/13"), "2.05")
        server.wait("notification", after=mark, path="/3/0/13")
        time.sleep(3)
        seen = server.events("notification", after=mark, path="/3/0/13")
        self.assertLessEqual(len(seen), 2)

    def test_low_battery_is_an_error_code(self):
        server, gateway = self.start()
        mark = server.mark()
        self.assertEqual(server.code("observe", "sim", "/3/0/11"), "2.05")
        gateway.write("conf.d/devices.yaml", DEVICES.replace(
            "value: 80,", "signal: step, min: 9, max: 90, period: 4s,"))
        gateway.reload()
        server.registered("sim", after=mark)
        wait_for(lambda: server.ask("read", "sim", "/3/0/11", accept=TLV)
                 .get("values") == {"/3/0/11/0": 1}, "error 1")
        wait_for(lambda: server.ask("read", "sim", "/3/0/11", accept=TLV)
                 .get("values") == {"/3/0/11/0": 0}, "its end")

    def test_reset_of_errors(self):
        server, _ = self.start(DEVICES.replace("value: 80,", "value: 5,"))
        wait_for(lambda: server.ask("read", "sim", "/3/0/11", accept=TLV)
                 .get("values") == {"/3/0/11/0": 1}, "error 1")
        self.assertEqual(server.code("execute", "sim", "/3/0/12"), "2.04")
        self.assertEqual(server.ask("read", "sim", "/3/0/11", accept=TLV)
                         ["values"], {"/3/0/11/0": 0})

    def test_reboot_is_the_devices_matter(self):
        server, gateway = self.start()
        mark = server.mark()
        self.assertEqual(server.code("execute", "sim", "/3/0/4"), "2.04")
        server.registered("sim", after=mark)
        gateway.wait_log("sim", "restarted by a server")
        mark = server.mark()
        self.assertEqual(server.code("execute", "sim", "/3/0/5"), "2.04")
        server.registered("sim", after=mark)
        self.assertEqual(server.code("execute", "plain", "/3/0/4"), "5.01")


class Gateway(Site):
    def test_what_it_says_of_itself(self):
        server = self.server()
        self.gateway(server.port, sites.SIM, **{"lwmux.yaml": f"""\
            gateway:
              name: e2e
              endpoint: e2e-gateway
              model: Box 7
              hardware_version: "3"
              location: {{latitude: -33.9, longitude: 151.2}}
            servers: [{{id: 1, uri: "coap://127.0.0.1:{server.port}"}}]
            """})
        server.registered("e2e-gateway")
        values = server.ask("read", "e2e-gateway", "/3/0",
                            accept=TLV)["values"]
        self.assertEqual(values["/3/0/1"], "Box 7")
        self.assertEqual(values["/3/0/18"], "3")
        self.assertEqual(values["/3/0/17"], "gateway")
        self.assertTrue(values["/3/0/0"])
        self.assertTrue(values["/3/0/19"].startswith("lwmux "))
        self.assertGreater(values["/3/0/21"], values["/3/0/10"])
        self.assertGreater(values["/3/0/10"], 0)
        self.assertEqual(server.value("e2e-gateway", "/6/0/0"), -33.9)
        self.assertEqual(server.code("execute", "e2e-gateway", "/3/0/4"),
                         "5.01")
