# SPDX-License-Identifier: GPL-2.0-or-later
"""The wall clock is set while it runs: values keep their moment. That no timer
moves is judged in virtual time (tests/sim/stories.c)."""
import signal
import time

import scaled
from harness import Site, wait_for

T = "/3303/0/5700"
UPTIME = 100.0                      # s since 1970: a clock without a battery

SLEEPER = """\
devices:
  - endpoint: sleeper
    bus: sim
    poll: 1s
    queue: true
    silent_after: 1h
    quiet_every: 10min
    quiet_for: 595s
    points: [{name: t, value: 21.5, map: 3303/0}]
"""


class ClockCase(Site):
    def start(self, wall):
        self.clock = scaled.Clock(20, wall).install()
        self._cleanups.insert(0, (self.clock.remove, (), {}))
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port, SLEEPER,
                                     lifetime="1h")
        self.server_.registered("sleeper")
        wait_for(lambda: self.state() == "asleep", "asleep")
        return self.server_

    def state(self):
        return self.gateway_.status("sleeper")["endpoints"][0]["state"]

    def times(self):
        answer = self.server_.ask("read", "sleeper", T, accept=110)
        self.assertEqual(answer["values"], {T: 21.5})
        return answer.get("times", {})

    def test_times_from_before_the_clock_was_set(self):
        self.start(UPTIME)
        self.assertEqual(self.times(), {}, "a time of 1970")
        self.assertEqual(self.gateway_.status()["clock"], "not set")
        now = time.time()
        self.clock.step(now - self.clock.time())
        at = wait_for(self.times, "a time")[T]
        age = self.clock.time() - at
        self.assertTrue(0 < age < self.clock.elapsed(), f"{age} s old")
        self.assertNotIn("clock", self.gateway_.status())
        # It is true on disk as well: the last run's time is this run's.
        time.sleep(0.5)
        mark = self.server_.mark()
        self.gateway_.restart(signal.SIGKILL)
        self.server_.registered("sleeper", after=mark)

    def test_a_clock_set_back_an_hour(self):
        self.start(None)
        before = self.times()[T]
        self.clock.step(-3600)
        wait_for(lambda: abs(self.times()[T] - (before - 3600)) < 0.01,
                 "a time an hour earlier")
