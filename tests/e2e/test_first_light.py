# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job from end to end, in one case: what --quick runs."""
import sites
from harness import Site


class FirstLight(Site):
    def test_devices_appear_values_move_a_setpoint_is_written_back(self):
        slave = self.slave("1=boiler", "2=sdm120")
        server = self.server(observe=["/3303", "/3316"])
        devices = sites.boiler(slave.port) + """\
  - {endpoint: meter, bus: plant, unit: 2, profile: eastron/sdm120,
     poll: 200ms}
  - endpoint: sim
    bus: sim
    poll: 200ms
    points: [{name: t, signal: sine, min: 18, max: 24, period: 4s,
              map: 3303/0, unit: Cel}]
"""
        gateway = self.gateway(server.port, devices)
        for ep in ("boiler", "meter", "sim"):
            server.registered(ep)
        for ep in ("boiler", "sim"):
            server.wait("notification", ep=ep, path="/3303",
                        where=lambda e: "/3303/0/5700" in e["values"])
        self.assertGreater(server.value("meter", "/3316/0/5700"), 200)
        self.assertEqual(server.value("boiler", "/3308/0/5900"), 55.0)
        self.assertEqual(
            server.code("write", "boiler", "/3308/0/5900", text=58.5), "2.04")
        self.assertEqual(slave.get(1, "holding", 101), 585)
        self.assertEqual(server.value("boiler", "/3308/0/5900"), 58.5)
        self.assertEqual(gateway.ctl("status").returncode, 0)
        self.assertEqual(gateway.stop(), 0)
        for ep in ("boiler", "meter", "sim"):
            server.wait("unregistered", ep=ep)
