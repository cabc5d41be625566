# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects 4 and 7: how an endpoint is connected, and what that moved."""
import time

import sites
from harness import Site, wait_for

JSON, TLV = 110, 11542
HEADERS = 28                    # of IPv4 and UDP


class Statistics(Site):
    def start(self):
        server = self.server()
        relay = self.relay(server)
        gateway = self.gateway(relay.port, sites.SIM)
        server.registered("sim")
        return server, relay, gateway

    def numbers(self, server):
        answer = server.ask("read", "sim", "/7/0", accept=JSON)
        self.assertEqual(answer["code"], "2.05", answer)
        return {int(p.split("/")[3]): v for p, v in answer["values"].items()}

    def test_nothing_before_the_start(self):
        server, _, _ = self.start()
        self.assertEqual(self.numbers(server),
                         {2: 0, 3: 0, 4: 0, 5: 0, 8: 0})

    def test_counts_what_is_on_the_wire(self):
        server, relay, _ = self.start()
        self.assertEqual(server.code("execute", "sim", "/7/0/6"), "2.04")
        mark = relay.mark()
        for _ in range(40):
            server.ask("read", "sim", "/3/0", accept=JSON)
            server.ask("write", "sim", "/3308/0/5900", text="20.5")
        self.assertEqual(server.code("execute", "sim", "/7/0/7"), "2.04")
        with relay.lock:
            log = relay.log[mark:]
        sizes = {way: [len(d) + HEADERS for _, _, w, d in log if w == way]
                 for way in ("up", "down")}
        numbers = self.numbers(server)
        # The answer to Stop is not in it, that to Start is.
        self.assertLessEqual(
            abs(numbers[2] - sum(sizes["up"]) / 1000), 1)
        self.assertLessEqual(
            abs(numbers[3] - sum(sizes["down"]) / 1000), 1)
        self.assertEqual(numbers[4], max(sizes["up"]))
        total = sizes["up"] + sizes["down"]
        self.assertLessEqual(abs(numbers[5] - sum(total) / len(total)), 3)
        # Stopped: it stays.
        server.ask("read", "sim", "/3/0", accept=JSON)
        self.assertEqual(self.numbers(server), numbers)

    def test_a_period_ends_it(self):
        server, _, _ = self.start()
        self.assertEqual(server.code("write", "sim", "/7/0/8", text=1),
                         "2.04")
        self.assertEqual(server.code("execute", "sim", "/7/0/6"), "2.04")
        time.sleep(1.1)
        before = self.numbers(server)
        self.assertGreater(before[4], 0)
        server.ask("read", "sim", "/3/0", accept=JSON)
        self.assertEqual(self.numbers(server), before)

    def test_none_writes_the_counters(self):
        server, _, _ = self.start()
        self.assertEqual(server.code("write", "sim", "/7/0/2", text=1),
                         "4.05")


class Uplink(Site):
    def test_the_gateway_says_how_it_is_connected(self):
        server = self.server()
        self.gateway(server.port, sites.SIM, **{"lwmux.yaml": f"""\
            gateway: {{name: e2e, endpoint: e2e-gateway}}
            servers: [{{id: 1, uri: "coap://127.0.0.1:{server.port}"}}]
            """})
        links = server.registered("e2e-gateway")["links"]
        self.assertIn("</4/0>", " ".join(links))
        self.assertIn("</7/0>", " ".join(links))

        def values():
            answer = server.ask("read", "e2e-gateway", "/4/0", accept=JSON)
            return answer.get("values") or None
        self.assertIn("/4/0/2", wait_for(values, "its uplink"))

    def test_a_device_without_a_radio_has_none(self):
        server = self.server()
        self.gateway(server.port, sites.SIM)
        server.registered("sim")
        self.assertEqual(server.code("read", "sim", "/4"), "4.04")

    def test_a_lost_bus_is_the_gateways_error(self):
        server = self.server()
        self.gateway(server.port, sites.SIM + """\
  - endpoint: nobody
    bus: {adapter: modbus, transport: rtu, port: /dev/lwmux-is-not-there}
    unit: 1
    points: [{name: t, table: holding, address: 1, map: 3303/0}]
""", **{"lwmux.yaml": f"""\
            gateway: {{name: e2e, endpoint: e2e-gateway}}
            servers: [{{id: 1, uri: "coap://127.0.0.1:{server.port}"}}]
            """})
        server.registered("e2e-gateway")
        wait_for(lambda: server.ask("read", "e2e-gateway", "/3/0/11",
                                    accept=TLV).get("values") ==
                 {"/3/0/11/0": 8}, "error 8")
