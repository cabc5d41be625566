# SPDX-License-Identifier: GPL-2.0-or-later
"""A line whose round trip takes longer than values come: each value is told
once, with one time, and history does not wait for the line to be quick."""

import itertools

from harness import Site, wait_for
from lossy import Lossy

T = "/3303/0/5700"
STEP = 0.5      # s between two values
# An observation in plain text tells no times, one in SenML does.
TEXT, SENML_CBOR = 0, 112


class SlowLine(Site):
    def line(self, relay):
        """A sensor that counts."""
        self.site = self.gateway(relay.port, "", start=False)
        lines = "".join(f"{i * STEP:.1f},{i + 1}\n" for i in range(3000))
        self.site.write("count.csv", lines)
        self.site.write("conf.d/devices.yaml", f"""\
            devices:
              - endpoint: counter
                bus: sim
                poll: 50ms
                points:
                  - {{name: n, signal: csv, map: 3303/0,
                     file: "{self.site.etc / 'count.csv'}"}}
            """)
        self.site.start()
        self.server_.registered("counter")

    def observe(self, accept):
        answer = self.server_.ask("observe", "counter", T, accept=accept)
        self.assertEqual(answer["code"], "2.05")
        self.server_.wait("notification")

    def told(self):
        """Values in the order they came, each once per message that has it."""
        found = []
        for e in self.server_.events():
            if e["event"] == "notification" and not e.get("records"):
                found.append(e["values"][T])
            elif e["event"] in ("send", "notification"):
                found += [v for _, v, _ in e["records"]]
        return [int(v) for v in found]

    def settle(self):
        """The line is good again: what is late comes."""
        last = max(self.told())
        wait_for(lambda: max(self.told()) > last + 5, "news", 60)
        wait_for(lambda: self.site.status()["store"]["waiting"] == 0,
                 "nothing waits any more", 30)

    def assertOnce(self):
        told = self.told()
        counted = {v: told.count(v) for v in told}
        self.assertEqual({v: n for v, n in counted.items() if n > 1}, {})
        self.assertEqual(sorted(counted),
                         list(range(min(told), max(told) + 1)))

    def history_on_a_slow_line(self, accept):
        self.server_ = self.server()
        lossy = Lossy(self.server_.port)
        self.addCleanup(lossy.end)
        self.line(lossy)
        self.observe(accept)
        mark = self.server_.mark()
        lossy.delay = 0.75              # s, each way
        wait_for(lambda: len(self.told()) > 30, "values", 40)
        # What waits does not pile up, and news comes all the same.
        self.assertLess(self.site.status()["store"]["waiting"], 12)
        self.assertGreater(len(self.server_.events("notification",
                                                   after=mark)), 3)
        lossy.delay = 0
        self.settle()
        self.assertOnce()

    def test_history_goes_beside_news_that_have_no_times(self):
        self.history_on_a_slow_line(TEXT)
        self.assertTrue(self.server_.events("send"))

    def test_history_goes_with_news_that_have_times(self):
        self.history_on_a_slow_line(SENML_CBOR)
        told = self.told()
        self.assertEqual(told, sorted(told))

    def lost_and_repeated(self, accept):
        """Every third datagram to the server is lost: none for good. Not its
        acknowledgements: libcoap as a server does not repeat them."""
        self.server_ = self.server()
        relay = self.relay(self.server_)
        self.line(relay)
        self.observe(accept)
        count = itertools.count(1)
        relay.rule = lambda way, *_: (
            0 if way == "up" and next(count) % 3 == 0 else 1)
        wait_for(lambda: len(self.told()) > 40, "values", 60)
        relay.rule = None
        self.settle()
        self.assertOnce()

    def test_each_value_once_where_much_is_lost(self):
        self.lost_and_repeated(TEXT)
        told = self.told()
        self.assertEqual(told, sorted(told))

    def test_each_value_once_and_in_order_with_times(self):
        self.lost_and_repeated(SENML_CBOR)
        told = self.told()
        self.assertEqual(told, sorted(told))
