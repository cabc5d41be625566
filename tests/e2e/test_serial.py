# SPDX-License-Identifier: GPL-2.0-or-later
"""Modbus RTU: gateway and slave at the two ends of a serial line."""
from harness import SerialLine, Site

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
    def start(self):
        line = self.add(SerialLine())
        self.slave_ = self.slave(
            "1=boiler", "2=sdm120",
            line=("--rtu", line.ports[1], "--serial", "19200E81"))
        server = self.server()
        self.gateway(server.port, DEVICES.format(port=line.ports[0]))
        server.registered("boiler")
        return server

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
