# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand soft endpoints in one process."""
from harness import Site

N = 1000
LINE = ("  - {{endpoint: sim-{i}, bus: sim, poll: 1s, points: [{{name: t, "
        "signal: random, min: 18, max: 24, map: 3303/0, unit: Cel}}]}}\n")


class Scale(Site):
    def test_a_thousand_register_answer_notify_and_leave(self):
        server = self.server(observe=["/3303/0/5700"])
        gateway = self.gateway(server.port, "devices:\n" + "".join(
            LINE.format(i=i) for i in range(N)))
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
        self.assertEqual(gateway.stop(), 0)
        all_of("unregistered")
