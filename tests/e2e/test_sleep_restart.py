# SPDX-License-Identifier: GPL-2.0-or-later
"""Sleeping devices over a restart: they register at once, with what they had
said last."""
import signal
import time

from harness import wait_for
from scaled import ScaledSite

T = "/3303/0/5700"
HUMIDITY = "/3304/0/5700"

# Heard for 30 s in 10 min; its values are constant for as long as it lives.
SLEEPER = """\
devices:
  - endpoint: sleeper
    bus: sim
    poll: 5s
    queue: true
    silent_after: 30min
    quiet_every: 10min
    quiet_for: 570s
    {more}
    points:
      - {{name: t, value: {t}, map: 3303/0, unit: Cel}}
      - {{name: rh, value: 55, map: 3304/0, optional: true}}
"""


class SleepRestart(ScaledSite):
    SCALE = 20

    def start(self, more=""):
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port,
                                     SLEEPER.format(more=more, t=21.5),
                                     lifetime="1h")
        self.server_.registered("sleeper")
        self.wait_asleep()
        return self.server_

    def endpoint(self):
        return self.gateway_.status("sleeper")["endpoints"][0]

    def wait_asleep(self):
        wait_for(lambda: self.endpoint()["state"] == "asleep", "asleep")

    def restart_and_check(self, how):
        server = self.server_
        before = server.ask("read", "sleeper", T, accept=110)["times"][T]
        mark = server.mark()
        self.gateway_.restart(how)
        server.registered("sleeper", after=mark)
        self.assertEqual(server.events("unregistered", after=mark), [])
        answer = server.ask("read", "sleeper", T, accept=110)
        self.assertEqual(answer["values"], {T: 21.5})
        return before, answer.get("times", {}).get(T)

    def test_stop_keeps_its_registration_and_values(self):
        self.start()
        before, after = self.restart_and_check(None)
        # A fresh sim answers at once: else it is the very same value.
        self.assertTrue(after is None or after >= before)
        self.assertEqual(self.server_.value("sleeper", HUMIDITY, accept=110),
                         55)

    def test_kill_9_again_and_again(self):
        self.start()
        for _ in range(3):
            self.restart_and_check(signal.SIGKILL)
            self.wait_asleep()


class Absent(ScaledSite):
    """The device is not there any more after the restart: a Modbus slave that
    has gone, so that all that is said of it comes from before."""
    SCALE = 20

    DEVICES = """\
        buses:
          plant: {{adapter: modbus, transport: tcp, host: 127.0.0.1,
                   tcp_port: {port}, timeout: 10s}}
        devices:
          - endpoint: meter
            bus: plant
            unit: 1
            poll: 30s
            queue: true
            silent_after: {silent}
            points:
              - {{name: t, table: holding, address: 100, type: int16,
                 scale: 0.1, map: 3303/0}}
        """

    def start(self, silent="30min"):
        slave = self.slave("1=plain")
        slave.do("set 1 holding 100 215")
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port, self.DEVICES.format(
            port=slave.port, silent=silent), lifetime="1h")
        self.server_.registered("meter")
        slave.do("mute 1")
        wait_for(lambda: self.state() == "asleep", "asleep")
        return slave

    def state(self):
        try:
            return self.gateway_.status("meter")["endpoints"][0]["state"]
        except ValueError:
            return "not there yet"

    def test_value_and_time_are_those_of_before(self):
        self.start()
        server = self.server_
        for how in (None, signal.SIGKILL, signal.SIGKILL, None):
            before = server.ask("read", "meter", T, accept=110)
            mark = server.mark()
            self.gateway_.restart(how)
            server.registered("meter", after=mark)
            after = server.ask("read", "meter", T, accept=110)
            self.assertEqual(after["values"], {T: 21.5})
            # The same moment: JSON has microseconds.
            self.assertAlmostEqual(after["times"][T], before["times"][T], 3)
            self.assertEqual(self.state(), "asleep")

    def test_its_life_goes_on_where_it_was(self):
        """Restarts do not prolong silent_after."""
        self.start(silent="5min")
        # Half of it is over: to begin anew would take twice what is left.
        begin = self.clock.elapsed()
        wait_for(lambda: self.clock.elapsed() - begin > 150, "half of it")
        self.gateway_.restart()  # what it said is on the disk
        self.gateway_.restart(signal.SIGKILL)
        since = self.clock.elapsed()
        wait_for(lambda: self.state() == "silent", "silence", 60)
        self.assertLess(self.clock.elapsed() - since, 290)
        self.assertEqual(self.server_.code("read", "meter", T), "5.04")

    def test_too_long_ago_is_not_registered(self):
        self.start(silent="3min")
        wait_for(lambda: self.state() == "silent", "silence")
        mark = self.server_.mark()
        self.gateway_.restart()
        time.sleep(2)
        self.assertEqual(self.server_.events("registered", after=mark), [])

    def test_reload_keeps_what_it_said(self):
        slave = self.start()
        mark = self.server_.mark()
        self.gateway_.write("conf.d/devices.yaml", self.DEVICES.format(
            port=slave.port, silent="40min"))
        self.gateway_.reload()
        self.server_.registered("meter", after=mark)
        self.assertEqual(self.state(), "asleep")
