# SPDX-License-Identifier: GPL-2.0-or-later
"""What outlives a restart, and what does not."""
import signal

import sites
from harness import Site, wait_for


class Keep(Site):
    def start(self):
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        return server, gateway

    def test_written_resources_outlive_a_restart(self):
        server, gateway = self.start()
        self.assertEqual(server.code("write", "sim", "/3303/0/5750",
                                     text="cellar"), "2.04")
        self.assertEqual(server.code("write", "sim", "/1/0/2", text="2"),
                         "2.04")
        mark = server.mark()
        self.assertEqual(gateway.restart(), 0)
        server.registered("sim", after=mark)
        self.assertEqual(server.value("sim", "/3303/0/5750"), "cellar")
        self.assertEqual(server.value("sim", "/1/0/2"), 2)

    def test_attributes_outlive_a_restart(self):
        server, gateway = self.start()
        for path, query in (("/3303/0", "pmin=1&pmax=30"),
                            ("/3303/0/5700", "gt=25&con=1"),
                            ("/3308/0", "pmin=3")):
            self.assertEqual(server.code("attributes", "sim", path, query),
                             "2.04")
        self.assertEqual(server.code("attributes", "sim", "/3308/0", "pmin"),
                         "2.04")
        mark = server.mark()
        gateway.restart()
        server.registered("sim", after=mark)

        def links(path):
            return server.ask("discover", "sim", path)["text"]
        self.assertEqual(links("/3303/0/5700"),
                         "</3303/0/5700>;pmin=1;pmax=30;gt=25;con=1")
        self.assertEqual(links("/3308/0/5900"), "</3308/0/5900>")

    def test_killed_gateway_registers_anew(self):
        server, gateway = self.start()
        mark = server.mark()
        gateway.restart(signal.SIGKILL)
        server.registered("sim", after=mark)
        self.assertEqual(server.value("sim", "/3303/0/5700"), 21.5)

    def test_what_lwmuxctl_has_written_outlives_a_kill(self):
        server, gateway = self.start()
        for text in ("cellar", "attic", "roof"):
            self.assertEqual(gateway.ctl("write", "sim", "3303/0/5750",
                                         text).returncode, 0)
            mark = server.mark()
            gateway.restart(signal.SIGKILL)
            server.registered("sim", after=mark)
            self.assertEqual(server.value("sim", "/3303/0/5750"), text)

    def test_fleet_of_units(self):
        slave = self.slave("1=plain", "2=plain", "3=plain")
        server = self.server()
        self.gateway(server.port, sites.bus(slave.port) + """\
devices:
  - endpoint: "m-${unit}"
    bus: plant
    unit: 1-3
    poll: 200ms
    points: [{name: t, table: holding, address: 100, map: 3303/0}]
""")
        for unit in (1, 2, 3):
            server.registered(f"m-{unit}")
            slave.do(f"set {unit} holding 100 {unit}")
        for unit in (1, 2, 3):
            wait_for(lambda unit=unit: server.value(
                f"m-{unit}", "/3303/0/5700") == unit, f"value of m-{unit}")

    def test_optional_instance_appears_with_its_first_value(self):
        slave = self.slave("1=empty")
        server = self.server()
        slave.do("set 1 holding 100 1")
        self.gateway(server.port, sites.bus(slave.port) + """\
devices:
  - endpoint: m
    bus: plant
    unit: 1
    poll: 200ms
    points:
      - {name: t, table: holding, address: 100, map: 3303/0}
      - {name: u, table: holding, address: 200, map: 3304/0, optional: true}
      - {name: b, table: holding, address: 300, map: 3347/0, optional: true}
""")
        # What it may have and has not shown is no promise to servers, but
        # that of events, which must be observable before the first.
        links = [link.split(";")[0]
                 for link in server.registered("m")["links"]]
        self.assertNotIn("</3304/0>", links)
        self.assertNotIn("</3304>", links)
        self.assertIn("</3347>", links)
        slave.do("set 1 holding 200 1")
        event = server.wait("updated", where=lambda e: e["content"])
        self.assertIn("</3304/0>", event["links"])


class Acknowledged(Site):
    def test_what_is_acknowledged_outlives_a_kill(self):
        """2.04 goes when it is on the disk. The kill comes at once."""
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        for n in range(12):
            mark = server.mark()
            self.assertEqual(server.code("write", "sim", "/1/0/3",
                                         text=100 + n), "2.04")
            gateway.restart(signal.SIGKILL)
            server.registered("sim", after=mark)
            self.assertEqual(server.value("sim", "/1/0/3"), 100 + n)
            self.assertEqual(server.code("attributes", "sim", "/3303/0",
                                         f"pmin={n + 1}"), "2.04")
            mark = server.mark()
            gateway.restart(signal.SIGKILL)
            server.registered("sim", after=mark)
            link = server.ask("discover", "sim", "/3303/0")["links"][0]
            self.assertIn(f"pmin={n + 1}", link)
