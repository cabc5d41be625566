# SPDX-License-Identifier: GPL-2.0-or-later
"""Safe states: of a device that leaves, and of one without a server."""
import sites
from harness import Site, free_port, wait_for

PUMP = "/3306/0/5850"
DEVICE = """\
devices:
  - endpoint: pump
    bus: plant
    unit: 1
    {more}
    points:
      - {{name: pump, table: coil, address: 3, map: 3306/0, writable: true, safe: 0}}
      - {{name: fan, table: coil, address: 4, map: 3306/1, writable: true}}
"""


class Safe(Site):
    def start(self, more="poll: 200ms"):
        self.slave_ = self.slave("1=plain")
        self.server_ = self.server()
        self.gateway_ = self.gateway(
            self.server_.port, sites.bus(self.slave_.port)
            + DEVICE.format(more=more), lifetime="20s")
        self.server_.registered("pump")
        for i in (0, 1):
            self.assertEqual(self.server_.code(
                "write", "pump", f"/3306/{i}/5850", text="1"), "2.04")
        self.assertEqual(self.coils(), (1, 1))

    def coils(self):
        return tuple(self.slave_.get(1, "coil", a) for a in (3, 4))

    def test_a_stop_leaves_the_device_safe(self):
        self.start()
        self.assertEqual(self.gateway_.stop(), 0)
        self.assertEqual(self.coils(), (0, 1))

    def test_a_reload_that_leaves_it_alone_does_nothing(self):
        self.start()
        self.gateway_.reload()
        self.assertEqual(self.server_.value("pump", PUMP), True)
        self.assertEqual(self.coils(), (1, 1))

    def test_what_a_kill_left_on_is_off_before_a_server_is_there(self):
        self.start()
        self.server_.end()
        self.gateway_.program.process.kill()
        self.gateway_.program.end(5)
        self.assertEqual(self.coils(), (1, 1))
        self.gateway_.start()
        wait_for(lambda: self.coils() == (0, 1), "the pump to stop")
        self.gateway_.wait_log("pump", "without leaving the device safe")

    def test_after_a_clean_end_nothing_is_written(self):
        self.start()
        self.gateway_.stop()
        self.slave_.do("set 1 coil 3 1")
        self.gateway_.code = None
        self.gateway_.start()
        wait_for(lambda: self.gateway_.ctl("status").returncode == 0,
                 "a healthy status")
        self.assertEqual(self.server_.value("pump", PUMP), True)
        self.assertEqual(self.coils(), (1, 1))

    def test_without_an_account_it_goes_safe_and_to_sleep(self):
        """Its bootstrap server does not answer: it has no client at all."""
        self.slave_ = self.slave("1=plain")
        port = free_port()
        self.gateway_ = self.gateway(
            0, sites.bus(self.slave_.port) + DEVICE.format(
                more="safe_after: 1s\n    queue: true\n"
                     "    awake_time: 2s\n    poll: 10min"),
            **{"lwmux.yaml": "gateway: {name: e2e}\n"
                             f"bootstrap: {{uri: 'coap://127.0.0.1:{port}'}}\n"})
        self.slave_.do("set 1 coil 3 1")
        wait_for(lambda: self.coils() == (0, 0), "the pump to stop")
        self.gateway_.wait_log("pump", "safe state")
        wait_for(lambda: self.gateway_.status("pump")["endpoints"][0]["state"]
                 == "asleep", "sleep")

    def test_a_dead_device_does_not_hold_up_the_stop(self):
        self.start()
        self.slave_.do("mute 1")
        self.server_.wait_code("pump", PUMP, "5.04")
        self.assertEqual(self.gateway_.stop(), 0)

    def test_without_a_server_it_goes_safe(self):
        self.start(more="safe_after: 1s")
        self.server_.end()
        wait_for(lambda: self.coils() == (0, 1), "the pump to stop",
                 timeout=90)
