# SPDX-License-Identifier: GPL-2.0-or-later
"""GPIO lines through the whole program: what a loss of power leaves, and what
cannot be beside each other."""
import signal

from harness import Site, wait_for
import wired

METER = """\
devices:
  - endpoint: meter
    bus: gpio
    poll: 1h
    points:
      - {name: pulses, line: w0, count: total, save: 30s, map: 3300/0}
      - {name: energy, line: w0, count: total, scale: 0.001, unit: kWh,
         map: 3331/0}
      - {name: door, line: w1, map: 3347/0}
  - endpoint: panel
    bus: gpio
    poll: 1h
    points:
      - {name: lights, set_line: w4, reset_line: w5, pulse: 100ms,
         map: 3311/0, writable: true}
      - {name: knob, line: w6, line_b: w7, count: quadrature, map: 3300/0}
  - endpoint: pump
    bus: gpio
    points:
      - {name: up, line: w2, initial: last, interlock: motor, map: 3306/0,
         writable: true}
      - {name: down, line: w3, initial: last, interlock: motor, map: 3306/1,
         writable: true}
"""


class Lines(Site):
    def wired(self, port, devices):
        wires = self.add(wired.Wires())
        gateway = self.gateway(port, devices, start=False)
        gateway.adapters = wired.ADAPTERS
        gateway.environment.update(wires.environment)
        return wires, gateway

    def test_no_loss_of_power_shows_a_smaller_total(self):
        server = self.server()
        wires, gateway = self.wired(server.port, METER)
        gateway.start()
        server.registered("meter")
        self.assertEqual(server.code("observe", "meter", "/3300/0/5700"),
                         "2.05")
        told = pressed = 0
        for burst in (1, 30, 400, 3):
            wires.pulses(0, burst)
            wires.pulses(1, burst)
            wait_for(lambda: server.value("meter", "/3300/0/5700") > told,
                     "it counts")
            wait_for(lambda: server.value("meter", "/3347/0/5501") >
                     pressed, "it counts presses")
            told = server.value("meter", "/3300/0/5700")
            pressed = server.value("meter", "/3347/0/5501")
            mark = server.mark()
            gateway.restart(signal.SIGKILL)
            server.registered("meter", after=mark)
            again = server.value("meter", "/3300/0/5700")
            self.assertGreaterEqual(again, told)
            self.assertLessEqual(again, told + 2 * burst)
            self.assertEqual(server.value("meter", "/3331/0/5700"),
                             again / 1000)
            self.assertEqual(server.value("meter", "/3347/0/5501"), pressed)
            told = again
        values = [e["values"]["/3300/0/5700"]
                  for e in server.events("notification")]
        self.assertEqual(values, sorted(values))

    def test_the_last_command_outlives_a_kill(self):
        server = self.server()
        wires, gateway = self.wired(server.port, METER)
        gateway.start()
        server.registered("pump")
        self.assertEqual(server.code("write", "pump", "/3306/0/5850",
                                     text=1), "2.04")
        self.assertEqual(wires.level(2), 1)
        self.assertEqual(server.code("write", "pump", "/3306/1/5850",
                                     text=1), "5.00")
        self.assertNotEqual(wires.level(3), 1)
        gateway.wait_log("pump", "write to point down failed: line w3 stays "
                         "off: w2 of the interlock motor is on")
        wait_for(lambda: any(b"on:w2" in f.read_bytes() for f in
                             (gateway.state / "kept").iterdir()),
                 "the command is kept")
        mark = server.mark()
        gateway.program.process.send_signal(signal.SIGKILL)
        gateway.program.end()
        wires.set_level(2, 0)
        gateway.start()
        server.registered("pump", after=mark)
        self.assertIs(server.value("pump", "/3306/0/5850"), True)
        self.assertEqual(wires.level(2), 1)

    def test_pairs_of_lines_are_one_thing(self):
        server = self.server()
        wires, gateway = self.wired(server.port, METER)
        gateway.start()
        server.registered("panel")
        self.assertEqual(server.code("write", "panel", "/3311/0/5850",
                                     text=1), "2.04")
        self.assertIs(server.value("panel", "/3311/0/5850"), True)
        wait_for(lambda: (wires.level(4), wires.level(5)) == (0, 0),
                 "the pulse is over")
        self.assertEqual(server.code("write", "panel", "/3311/0/5850",
                                     text=0), "2.04")
        self.assertIs(server.value("panel", "/3311/0/5850"), False)
        for wire, level in ((6, "1"), (7, "1"), (6, "0"), (7, "0"), (6, "1")):
            before = server.value("panel", "/3300/0/5700")
            wires.edges(wire, level)
            server.wait_value("panel", "/3300/0/5700", before + 1)
        wires.edges(6, "0")
        server.wait_value("panel", "/3300/0/5700", 4)

    def test_one_line_has_one_device(self):
        server = self.server()
        _, gateway = self.wired(server.port, METER + """\
  - endpoint: second
    bus: gpio
    points: [{name: again, line: w1, map: 3200/0}]
  - endpoint: third
    bus: {adapter: gpio}
    points: [{name: elsewhere, line: w1, map: 3200/0}]
""")
        result = gateway.once("--check")
        self.assertNotEqual(result.returncode, 0)
        text = result.stdout + result.stderr
        self.assertIn("cannot be beside meter", text)
        self.assertIn("its point door has the same line as again", text)
        self.assertIn("its point door has the same line as elsewhere", text)
        gateway.start()
        server.registered("meter")
        wait_for(lambda: gateway.ctl("status").returncode >= 0, "status")
        self.assertNotIn("second", [e["ep"] for e in
                                    server.events("registered")])
