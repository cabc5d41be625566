# SPDX-License-Identifier: GPL-2.0-or-later
"""The uplink is cut, and the program is stopped and killed meanwhile: what waits
then arrives once, in order. That every value does, over an hour and with its
time, is judged in virtual time (tests/sim/stories.c), where a busy machine
cannot keep the sensor from being read."""
import signal

from harness import Site, wait_for
from scaled import ScaledSite

SENSORS = 3
STEP = 10                       # s between two values

SENSOR = """\
  - endpoint: sensor-{i}
    bus: sim
    poll: {poll}
    points:
      - {{name: n, signal: csv, map: 3303/0, keep: true, file: "{file}"}}
"""


def count(site, step):
    """A signal that is another after each step."""
    file = site.etc / "count.csv"
    file.write_text("".join(f"{i * step},{i + 1}\n" for i in range(999)))
    return file


class Outage(Site):
    def setUp(self):
        super().setUp()
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.site = self.gateway(self.relay_.port, "", start=False)
        file = count(self.site, 0.2)
        self.site.write("conf.d/devices.yaml", "devices:\n" + "".join(
            SENSOR.format(i=i, file=file, poll="100ms")
            for i in range(SENSORS)))
        self.site.start()
        for i in range(SENSORS):
            self.server_.registered(f"sensor-{i}")

    def store(self):
        return self.site.status()["store"]

    def more_wait(self):
        before = self.store()["waiting"]
        return wait_for(lambda: (w := self.store()["waiting"]) > before + 20
                        and w, "more wait")

    def test_stops_and_kills(self):
        mark = self.server_.mark()
        # What has got through is acknowledged: else it comes once more.
        self.relay_.rule = lambda way, *_: 0 if way == "up" else 1
        waited = 0
        for how in (None, signal.SIGKILL, None):
            self.site.restart(how)
            self.site.wait_log("device is online")
            if how is None:     # a kill may take the last second of them
                self.assertGreaterEqual(self.store()["waiting"], waited)
            waited = self.more_wait()
        self.relay_.rule = None
        for i in range(SENSORS):
            self.server_.registered(f"sensor-{i}", after=mark, timeout=60)
        wait_for(lambda: self.store()["waiting"] == 0,
                 "nothing waits any more", 60)
        self.assertEqual(self.store()["dropped"], 0)
        arrived = [[t for e in self.server_.events(
            "send", after=mark, ep=f"sensor-{i}") for _, _, t in e["records"]]
            for i in range(SENSORS)]
        self.assertGreaterEqual(sum(map(len, arrived)), waited)
        for times in arrived:
            self.assertEqual(times, sorted(set(times)))     # each, once


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
        site.write("conf.d/devices.yaml", "devices:\n" + SENSOR.format(
            i=0, file=count(site, STEP), poll="2s"))

        def is_up():
            site.wait_log("device is online")

        def waiting():
            return site.status()["store"]["waiting"]
        site.start()
        is_up()
        wait_for(lambda: waiting() > 3, "some wait")
        self.assertIn("the clock is not set: ",
                      "\n".join(site.status()["reasons"]))
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
        self.assertEqual(sum(len(e["records"]) for e in
                             server.events("send")), len(set(times)))
