# SPDX-License-Identifier: GPL-2.0-or-later
"""One device at two servers, and devices at chosen ones."""
import sites
from harness import Site

T = "/3303/0/5700"


class TwoServers(Site):
    def start(self, devices):
        one, two = self.server(), self.server()
        main = ("gateway: {name: e2e}\nservers:\n" + "".join(
            f"  - {{id: {i}, uri: 'coap://127.0.0.1:{s.port}', "
            f"lifetime: {i * 100}s}}\n" for i, s in ((1, one), (2, two))))
        gateway = self.gateway(1, devices, **{"lwmux.yaml": main})
        return one, two, gateway

    def test_each_server_sees_its_own_account(self):
        one, two, _ = self.start(sites.SIM)
        self.assertEqual(one.registered("sim")["lt"], 100)
        self.assertEqual(two.registered("sim")["lt"], 200)
        for server in (one, two):
            self.assertEqual(server.value("sim", T), 21.5)

    def test_int_951_attributes_and_observations_are_each_servers_own(self):
        one, two, _ = self.start(sites.SIM)
        for server in (one, two):
            server.registered("sim")
        one.ask("attributes", "sim", T, "pmax=1")
        (link,) = two.ask("discover", "sim", T)["links"]
        self.assertNotIn("pmax", link)
        one.ask("observe", "sim", T)
        mark = one.mark()
        one.wait("notification", after=mark)
        self.assertEqual(two.events("notification"), [])

    def test_write_by_one_server_is_seen_by_the_other(self):
        one, two, _ = self.start(sites.SIM)
        for server in (one, two):
            server.registered("sim")
        two.ask("observe", "sim", "/3308/0/5900")
        mark = two.mark()
        self.assertEqual(one.code("write", "sim", "/3308/0/5900", text=25),
                         "2.04")
        event = two.wait("notification", after=mark)
        self.assertEqual(event["values"], {"/3308/0/5900": 25.0})

    def test_device_at_one_chosen_server(self):
        one, two, gateway = self.start(sites.SIM.replace(
            "poll:", "servers: [2]\n    poll:"))
        two.registered("sim")
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(one.events("registered"), [])

    def test_silent_server_does_not_hold_the_other_up(self):
        one, two, _ = self.start(sites.SIM)
        for server in (one, two):
            server.registered("sim")
        one.ask("silent", "on")
        two.ask("observe", "sim", "/3308/0/5900")
        mark = two.mark()
        self.assertEqual(two.code("write", "sim", "/3308/0/5900", text=26),
                         "2.04")
        two.wait("notification", after=mark)
