# SPDX-License-Identifier: GPL-2.0-or-later
"""The uplink is cut for an hour, on a clock that runs faster, with restarts and
kills meanwhile: every value arrives once, in order, with its own time."""
import os
import signal
import time

from harness import wait_for
from scaled import ScaledSite

SENSORS = int(os.environ.get("LWMUX_OUTAGE_SENSORS", "20"))
ENDS = 20                       # of the gateway, every other one a kill
HOUR = 3600
STEP = 10                       # s between two values
T = "/3303/0/5700"

# It counts from 1 on after each start: whatever is missing is seen. One half
# is observed, the other half is to be kept in any case.
SENSOR = """\
  - endpoint: sensor-{i}
    bus: sim
    poll: 2s
    points:
      - {{name: n, signal: csv, map: {map}, {more} file: "{file}"}}
"""


class Outage(ScaledSite):
    SCALE = 60

    def setUp(self):
        super().setUp()
        self.server_ = self.server(observe=[T])
        self.relay_ = self.relay(self.server_)
        self.site = self.gateway(self.relay_.port, "", start=False,
                                 lifetime="10min")
        file = self.site.etc / "count.csv"
        file.write_text("".join(f"{i * STEP},{i + 1}\n" for i in range(999)))
        self.site.write("conf.d/devices.yaml", "devices:\n" + "".join(
            SENSOR.format(i=i, file=file, map=("3303/0", "3304/0")[i % 2],
                          more=("", "keep: true,")[i % 2])
            for i in range(SENSORS)))
        self.site.start()
        for i in range(SENSORS):
            self.server_.registered(f"sensor-{i}")

    def waiting(self):
        return self.site.status()["store"]["waiting"]

    def runs_of(self, i, after):
        """What sensor i has sent late, parted where it began anew."""
        runs = []
        for e in self.server_.events("send", after=after, ep=f"sensor-{i}"):
            for _, value, t in e["records"]:
                if not runs or value <= runs[-1][-1][0]:
                    runs.append([])
                runs[-1].append((value, t))
        return runs

    def test_an_hour_with_restarts_and_kills(self):
        wait_for(lambda: self.waiting() == 0, "nothing waits yet")
        time.sleep(1)           # all are observed
        mark = self.server_.mark()
        self.relay_.rule = lambda way, *_: 0 if way == "up" else 1
        begin = self.clock.time()
        ends = []
        for n in range(ENDS):
            end = begin + HOUR * (n + 1) / (ENDS + 1)
            wait_for(lambda end=end: self.clock.time() >= end, "the next end",
                     HOUR / self.SCALE)
            ends.append(self.clock.time())
            self.site.restart(signal.SIGKILL if n % 2 else None)
        wait_for(lambda: self.clock.time() >= begin + HOUR, "the hour",
                 HOUR / self.SCALE)
        mended = self.clock.time()
        before = self.site.status()["store"]
        self.relay_.rule = None
        for i in range(SENSORS):
            self.server_.registered(f"sensor-{i}", after=mark, timeout=60)
        wait_for(lambda: self.waiting() == 0, "nothing waits any more", 60)
        after = self.site.status()["store"]
        self.assertEqual(before["dropped"], 0)
        self.assertEqual(after["dropped"], 0)
        self.assertGreater(before["waiting"], SENSORS * HOUR / STEP / 2)
        for i in range(SENSORS):
            with self.subTest(sensor=i):
                self.check(self.runs_of(i, mark), [*ends, mended])

    def check(self, runs, ends):
        self.assertEqual(len(runs), len(ends))
        for n, (run, end) in enumerate(zip(runs, ends)):
            values = [int(v) for v, _ in run]
            # All of them, once, in order; the first run began before.
            self.assertEqual(values, list(range(
                values[0], values[0] + len(values))))
            if n:
                self.assertEqual(values[0], 1)
            # Each with its own time, which polls and a busy machine blur.
            for v, t in run:
                self.assertAlmostEqual(t - run[0][1],
                                       (v - run[0][0]) * STEP, delta=8)
            # And none that was there a little before the end is missing.
            self.assertGreater(run[-1][1], end - STEP - 15)


class UpdateInOutage(ScaledSite):
    """An Update falls due while the server is away: the time between a
    notification that was given up and the end of the Update counts, too."""
    SCALE = 20

    def test_nothing_is_lost_around_the_update(self):
        server = self.server(observe=[T])
        relay = self.relay(server)
        site = self.gateway(relay.port, "", start=False, lifetime="60s")
        file = site.etc / "count.csv"
        file.write_text("".join(f"{i * STEP},{i + 1}\n" for i in range(999)))
        site.write("conf.d/devices.yaml", "devices:\n" + SENSOR.format(
            i=0, file=file, map="3303/0", more=""))
        site.start()
        server.registered("sensor-0")
        server.wait("notification", ep="sensor-0")
        relay.rule = lambda *_: 0
        begin = self.clock.time()
        wait_for(lambda: self.clock.time() >= begin + 240, "the outage's end",
                 60)
        mark = server.mark()
        relay.rule = None
        server.registered("sensor-0", after=mark, timeout=60)
        wait_for(lambda: site.status()["store"]["waiting"] == 0,
                 "nothing waits any more", 60)
        told = {int(e["values"][T])
                for e in server.events("notification", ep="sensor-0")
                if T in e["values"]}
        told |= {int(value) for e in server.events("send", ep="sensor-0")
                 for _, value, _ in e["records"]}
        self.assertGreater(max(told), 240 / STEP)
        self.assertEqual(sorted(told), list(range(min(told), max(told) + 1)))


class NoClock(ScaledSite):
    """No battery behind the clock: it says 1970 until the network is there."""
    SCALE = 10

    def setUp(self):
        super().setUp()
        self.begin = self.clock.time()
        self.clock.step(1000 - self.begin)

    def test_times_of_before_the_clock_was_set(self):
        server = self.server()
        relay = self.relay(server)
        relay.rule = lambda *_: 0
        site = self.gateway(relay.port, "", start=False)
        file = site.etc / "count.csv"
        file.write_text("".join(f"{i * STEP},{i + 1}\n" for i in range(999)))
        site.write("conf.d/devices.yaml", "devices:\n" + SENSOR.format(
            i=0, file=file, map="3303/0", more="keep: true,"))

        def is_up():
            site.wait_log("device is online")

        def waiting():
            return site.status()["store"]["waiting"]
        site.start()
        is_up()
        wait_for(lambda: waiting() > 3, "some wait")
        self.assertIn("the clock is not set", site.status()["reasons"])
        site.restart(signal.SIGKILL)            # the same boot
        is_up()
        wait_for(lambda: waiting() > 8, "more wait")
        self.clock.step(self.begin - 1000)
        n = waiting()
        wait_for(lambda: waiting() > n + 3, "with the clock, too")
        relay.rule = None
        server.registered("sensor-0", timeout=60)
        wait_for(lambda: waiting() == 0, "nothing waits any more")
        records = [r for e in server.events("send") for r in e["records"]]
        times = [t for _, _, t in records]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], self.begin - 10)
        self.assertLess(times[-1], self.clock.time())
        starts = {round((t - (v - 1) * STEP) / 10) for _, v, t in records}
        self.assertLessEqual(len(starts), 4, starts)    # two runs, blurred
        self.assertEqual(sum(len(e["records"]) for e in
                             server.events("send")), len(set(times)))


class ServerBack(ScaledSite):
    """Back-off is for a server that is away: the first that it answers is
    proof for all the others, which follow at its pace."""
    SCALE = 10
    ENDPOINTS = 10

    def test_one_answer_ends_the_wait_of_all(self):
        server = self.server()
        relay = self.relay(server)
        relay.rule = lambda *_: 0
        site = self.gateway(relay.port, "", start=False)
        site.write("conf.d/devices.yaml", "devices:\n" + "".join(
            f"  - {{endpoint: e-{i}, bus: sim, points: [{{name: t, "
            "map: 3303/0, value: 1}]}\n" for i in range(self.ENDPOINTS)))
        site.start()
        begin = self.clock.time()
        # All have given up once, and some are in their second try.
        wait_for(lambda: self.clock.time() >= begin + 160, "the outage's end",
                 60)
        relay.rule = None
        first = server.wait("registered", timeout=60)
        since = self.clock.time()
        for i in range(self.ENDPOINTS):
            server.registered(f"e-{i}", timeout=60)
        self.assertLess(self.clock.time() - since, 10, first)
