# SPDX-License-Identifier: GPL-2.0-or-later
"""A bus with more to do than time says so."""
import re

import sites
from harness import Site, wait_for

DEVICE = """\
devices:
  - endpoint: inverter
    bus: plant
    unit: 1
    poll: 100ms
    points:
      - {name: a, table: holding, address: 100, map: 3303/0}
      - {name: b, table: coil, address: 3, map: 3311/0}
"""


class FullLine(Site):
    def setUp(self):
        super().setUp()
        self.slave_ = self.slave("1=boiler")
        self.server_ = self.server()

    def start(self, late):
        self.slave_.do(f"late 1 {late}")
        gateway = self.gateway(self.server_.port,
                               sites.bus(self.slave_.port) + DEVICE)
        self.server_.registered("inverter")
        return gateway

    def test_asked_and_achieved_periods_are_told(self):
        gateway = self.start(200)
        said = gateway.wait_log("inverter", "the line is full", timeout=60)
        self.assertIn("asked every 0.1 s", said)
        endpoint = wait_for(
            lambda: [e for e in gateway.status()["endpoints"]
                     if "full" in e.get("late", "")], "it is late")[0]
        self.assertRegex(endpoint["late"],
                         r"^asked 0\.1s, gets 0\.\d+s: the line is full$")
        self.assertEqual(endpoint["period_asked"], 0.1)
        self.assertGreater(endpoint["period"], 0.3)
        bus = gateway.status()["buses"][0]
        self.assertGreater(bus["load"], 90)
        self.assertIn("% busy", gateway.ctl("status").stdout)
        metrics = gateway.ctl("metrics").stdout
        for name, least in (("load", 0.9), ("period", 3)):
            value = re.search(rf'lwmux_bus_{name}_ratio{{bus="plant"}} (\S+)',
                              metrics)
            self.assertGreater(float(value[1]), least)
        self.assertEqual(len([l for l in gateway.log()
                              if "the line is full" in l]), 1)

    def test_line_that_keeps_its_periods_says_nothing(self):
        gateway = self.start(0)
        bus = wait_for(lambda: [b for b in gateway.status()["buses"]
                                if "load" in b], "a load", timeout=60)[0]
        self.assertLess(bus["load"], 50)
        self.assertNotIn("late", gateway.status()["endpoints"][0])
        self.assertFalse([l for l in gateway.log() if "full" in l])
