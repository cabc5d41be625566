# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand soft endpoints in one process."""
import resource

import sites
from harness import Site, free_port

N = 1000
LINE = ("  - {{endpoint: sim-{i}, bus: sim, poll: 1s, points: [{{name: t, "
        "signal: random, min: 18, max: 24, map: 3303/0, unit: Cel}}]}}\n")


class Scale(Site):
    def test_a_thousand_register_answer_notify_and_leave(self):
        port = free_port()
        server = self.server(observe=["/3303/0/5700"])
        gateway = self.gateway(
            server.port, sites.meters(port, (1,)) +
            "".join(LINE.format(i=i) for i in range(N)))
        names = {f"sim-{i}" for i in range(N)}

        def all_of(event):
            seen = set()

            def counts(e):
                if e["event"] == event:
                    seen.add(e["ep"])
                return seen >= names
            server.wait_line(counts, f"{event} of all", 120)

        all_of("registered")
        all_of("notification")
        for i in (0, 499, 999):
            self.assertEqual(server.code("read", f"sim-{i}",
                                         "/3303/0/5701"), "2.05")
        # A bus that can be opened only now gets a descriptor beyond what
        # select() can hold.
        slave = self.slave("1=plain", line=("--tcp", port))
        slave.do("set 1 holding 100 123")
        server.registered("meter-1", timeout=60)
        server.wait_value("meter-1", "/3303/0/5700", 12.3)
        self.assertEqual(gateway.stop(), 0)
        all_of("unregistered")

    def test_more_endpoints_than_descriptors_is_said_at_load(self):
        gateway = self.gateway(5683, "devices:\n" + "".join(
            LINE.format(i=i) for i in range(200)), start=False)
        result = gateway.once(preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (256, 256)))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("descriptors", result.stderr)
