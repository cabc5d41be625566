# SPDX-License-Identifier: GPL-2.0-or-later
"""A bus with more to do than time says so, and leaves nobody out; a serial line
with the habits of real ones."""
import collections
import json
import os
import re
import select
import struct
import threading
import time
import tty

import sites
from harness import Site, wait_for

DEVICE = """\
devices:
  - endpoint: inverter
    bus: plant
    unit: 1
    poll: 100ms
    points:
      - {name: a, table: holding, address: 100, map: 3303/0}
      - {name: b, table: coil, address: 3, map: 3311/0}
"""


class FullLine(Site):
    def setUp(self):
        super().setUp()
        self.slave_ = self.slave("1=boiler")
        self.server_ = self.server()

    def start(self, late):
        self.slave_.do(f"late 1 {late}")
        gateway = self.gateway(self.server_.port,
                               sites.bus(self.slave_.port) + DEVICE)
        self.server_.registered("inverter")
        return gateway

    def test_asked_and_achieved_periods_are_told(self):
        gateway = self.start(200)
        said = gateway.wait_log("inverter", "the line is full", timeout=60)
        self.assertIn("asked every 0.1 s", said)
        endpoint = wait_for(
            lambda: [e for e in gateway.status()["endpoints"]
                     if "full" in e.get("late", "")], "it is late")[0]
        self.assertRegex(endpoint["late"],
                         r"^asked 0\.1s, gets 0\.\d+s: the line is full$")
        self.assertEqual(endpoint["period_asked"], 0.1)
        self.assertGreater(endpoint["period"], 0.3)
        bus = gateway.status()["buses"][0]
        self.assertGreater(bus["load"], 90)
        self.assertIn("% busy", gateway.ctl("status").stdout)
        metrics = gateway.ctl("metrics").stdout
        for name, least in (("load", 0.9), ("period", 3)):
            value = re.search(rf'lwmux_bus_{name}_ratio{{bus="plant"}} (\S+)',
                              metrics)
            self.assertGreater(float(value[1]), least)
        self.assertEqual(len([l for l in gateway.log()
                              if "the line is full" in l]), 1)

    def test_line_that_keeps_its_periods_says_nothing(self):
        gateway = self.start(0)
        bus = wait_for(lambda: [b for b in gateway.status()["buses"]
                                if "load" in b], "a load", timeout=60)[0]
        self.assertLess(bus["load"], 50)
        self.assertNotIn("late", gateway.status()["endpoints"][0])
        self.assertFalse([l for l in gateway.log() if "full" in l])


def crc(frame):
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


class SlowUnits(threading.Thread):
    """All units of a pseudo-terminal, which take the time of a real line: so
    many characters each way, and some to think. The float in registers n and
    n + 1 of unit u is 1000 u + n. habit: "echo", the adapter hears itself;
    "stray", a byte before and behind each reply; "twice", each reply comes
    again."""

    def __init__(self, baud, thinks=0.005, habit=""):
        super().__init__(daemon=True)
        self.master, self.end = os.openpty()
        tty.setraw(self.end)
        self.port = os.ttyname(self.end)
        self.baud, self.thinks, self.habit = baud, thinks, habit
        self.asked = collections.Counter()
        self.ended = False
        self.start()

    def stop(self):
        self.ended = True
        self.join()
        os.close(self.master)
        os.close(self.end)

    def run(self):
        frame = b""
        while not self.ended:
            if not select.select([self.master], [], [], 0.2)[0]:
                continue
            frame += os.read(self.master, 256)
            if len(frame) >= 8:
                self.answer(frame[:8])
                frame = frame[8:]

    def answer(self, frame):
        unit, function, at, count = struct.unpack(">BBHH", frame[:6])
        if frame[6:] != crc(frame[:6]):
            return
        body = b"".join(struct.pack(">f", 1000 * unit + n)
                        for n in range(at, at + count, 2))[:2 * count]
        reply = struct.pack(">BBB", unit, function, 2 * count) + body
        reply += crc(reply)
        if self.habit == "echo":
            os.write(self.master, frame)
        time.sleep((len(frame) + len(reply)) * 10 / self.baud + self.thinks)
        if self.habit == "stray":
            reply = b"\0" + reply + b"\xff"
        os.write(self.master, reply)
        if self.habit == "twice":
            os.write(self.master, reply)
        self.asked[unit, at] += 1


class SlowLine(Site):
    STARTS = (0, 100, 200)

    def start(self, units, **line):
        slow = SlowUnits(9600, **line)
        self.addCleanup(slow.stop)
        points = "".join(
            f"      - {{name: p{at}, address: {at}, type: float32, "
            f"map: 3300/{i}}}\n" for i, at in enumerate(self.STARTS))
        gateway = self.gateway(self.server().port, f"""\
buses:
  line: {{adapter: modbus, transport: rtu, port: {slow.port}, timeout: 5s}}
devices:
""" + "".join(f"""\
  - endpoint: unit-{unit}
    bus: line
    unit: {unit}
    poll: 100ms
    max_hole: 0
    points:
{points}""" for unit in range(1, units + 1)))
        return slow, gateway

    def holds(self, gateway, unit):
        read = json.loads(gateway.ctl("--json", "read",
                                      f"unit-{unit}").stdout)["resources"]
        values = {r["path"]: float(r["value"]) for r in read
                  if r["path"].endswith("/5700") and r["quality"] == "good"}
        self.assertEqual(values, {f"/3300/{i}/5700": 1000 * unit + at
                                  for i, at in enumerate(self.STARTS)})

    def test_nobody_starves(self):
        slow, gateway = self.start(3)
        every = [(unit, at) for unit in (1, 2, 3) for at in self.STARTS]
        wait_for(lambda: all(slow.asked[one] >= 10 for one in every),
                 "each block is read", timeout=60)
        counts = [slow.asked[one] for one in every]
        self.assertLessEqual(max(counts), 2 * min(counts))
        for unit in (1, 2, 3):
            self.holds(gateway, unit)

    def test_odd_lines_give_the_right_values(self):
        for habit in ("echo", "stray", "twice"):
            with self.subTest(habit):
                slow, gateway = self.start(1, habit=habit)
                wait_for(lambda: all(slow.asked[1, at] >= 5
                                     for at in self.STARTS),
                         "each block is read", timeout=60)
                self.holds(gateway, 1)
                self.assertEqual("echo: yes" in "\n".join(gateway.log()),
                                 habit == "echo")
