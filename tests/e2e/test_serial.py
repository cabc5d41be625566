# SPDX-License-Identifier: GPL-2.0-or-later
"""Modbus RTU: gateway and slave at the two ends of a serial line."""
import fcntl
import os
import signal

from harness import SerialLine, Site, wait_for

DEVICES = """\
buses:
  rs485: {{adapter: modbus, transport: rtu, port: {port}, serial: 19200 8E1,
          timeout: 300ms}}
devices:
  - endpoint: boiler
    bus: rs485
    unit: 1
    poll: 200ms
    points:
      - {{name: flow, table: holding, address: 100, type: int16, scale: 0.1,
         unit: Cel, map: 3303/0}}
      - {{name: setpoint, table: holding, address: 101, type: int16,
         scale: 0.1, unit: Cel, map: 3308/0/5900, writable: true}}
  - endpoint: meter
    bus: rs485
    unit: 2
    profile: eastron/sdm120
    poll: 500ms
"""


class Serial(Site):
    def start(self, online=True, held=False, line_text="8E1"):
        """line_text: 8N1 for who opens it twice: glibc says EINVAL where a
        pseudo terminal is asked for parity, and nothing else is new."""
        line = self.add(SerialLine())
        self.port = line.ports[0]
        self.other = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, self.other)
        if held:
            fcntl.flock(self.other, fcntl.LOCK_EX)
        self.slave_ = self.slave(
            "1=boiler", "2=sdm120",
            line=("--rtu", line.ports[1], "--serial", "19200E81"))
        server = self.server()
        self.devices = DEVICES.format(port=self.port).replace("8E1", line_text)
        self.gateway_ = self.gateway(server.port, self.devices)
        if online:
            server.registered("boiler")
        return server

    def locked(self):
        try:
            fcntl.flock(self.other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self.other, fcntl.LOCK_UN)
        return False

    def test_an_open_line_is_locked(self):
        self.start()
        self.assertTrue(self.locked())

    def test_a_line_of_another_program_is_left_alone_until_it_is_free(self):
        server = self.start(online=False, held=True)
        self.gateway_.wait_log("rs485", "bus is down", self.port, "in use")
        (bus,) = self.gateway_.status()["buses"]
        self.assertIn("in use by another program", bus["error"])
        fcntl.flock(self.other, fcntl.LOCK_UN)
        server.registered("boiler")
        self.assertTrue(self.locked())

    def test_a_killed_gateway_has_its_line_back(self):
        server = self.start(line_text="8N1")
        mark = server.mark()
        self.gateway_.restart(signal.SIGKILL)
        server.registered("boiler", after=mark)

    def test_a_reload_has_its_line_back(self):
        self.start(line_text="8N1")
        mark = self.gateway_.log_mark()
        self.gateway_.write("conf.d/devices.yaml",
                            self.devices.replace("300ms", "400ms"))
        self.gateway_.reload()
        self.gateway_.wait_log("rs485", "bus is open", after=mark)
        wait_for(lambda: all(e["state"] == "online" for e in
                             self.gateway_.status()["endpoints"]), "online")

    def test_values_move_and_a_setpoint_is_written_back(self):
        server = self.start()
        server.registered("meter")
        self.assertGreater(server.value("meter", "/3316/0/5700"), 200)
        self.assertEqual(
            server.code("write", "boiler", "/3308/0/5900", text=58.5), "2.04")
        self.assertEqual(self.slave_.get(1, "holding", 101), 585)
        self.slave_.do("set 1 holding 100 431")
        server.wait_value("boiler", "/3303/0/5700", 43.1)

    def test_silent_unit_comes_back(self):
        server = self.start()
        server.registered("meter")
        self.slave_.do("mute 2")
        server.wait_code("meter", "/3316/0/5700", "5.04")
        self.slave_.do("set 1 holding 100 444")
        server.wait_value("boiler", "/3303/0/5700", 44.4)
        self.slave_.do("unmute 2")
        server.wait_code("meter", "/3316/0/5700", "2.05")
