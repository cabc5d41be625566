# SPDX-License-Identifier: GPL-2.0-or-later
"""Each word of a Modbus device's configuration, from its registers to a server
and back."""
import json

import sites
from harness import SerialLine, SharedSite, Site, wait_for
from sites import hexed

JSON = 110
# Name: keys, registers, what a server reads, and what it writes to what
# registers.
READ = [
    ("int8", "address: 10, type: int8", {10: 0x12FE}, -2),
    ("uint8", "address: 11, type: uint8", {11: 0x12FE}, 254),
    ("uint8-high", "address: 12, type: uint8, order: BADC", {12: 0x12FE}, 18),
    ("int24", "address: 13, type: int24", {13: 0x00FF, 14: 0xFFFD}, -3),
    ("uint24", "address: 15, type: uint24, order: CDAB",
     {15: 0x0002, 16: 0x7701}, 0x010002),
    ("bcd16", "address: 17, type: bcd16", {17: 0x1234}, 1234),
    ("bcd32", "address: 18, type: bcd32", {18: 0x1234, 19: 0x5678}, 12345678),
    ("float16", "address: 20, type: float16", {20: 0xC100}, -2.5),
    ("float32", "address: 21, type: float32", {21: 0x4048, 22: 0xF5C3}, 3.14),
    ("uint64", "address: 23, type: uint64", {26: 7}, 7),
    ("float64", "address: 27, type: float64, order: DCBA",
     {27: 0, 30: 0xF83F}, 1.5),
    ("scaled", "address: 31, scale_from: 32", {31: 2301, 32: 0xFFFF}, 230.1),
    ("parts", "high: 33, low: 35, high_factor: 10000", {33: 2, 35: 17},
     20017),
    ("bits", 'address: 36, bits: "4-7"', {36: 0x0AB0}, 11),
    ("none-64", "address: 40, type: uint64, invalid: [0xFFFFFFFFFFFFFFFF]",
     {a: 0xFFFF for a in range(40, 44)}, None),
    ("none-min", "address: 44, type: int64, invalid: [0x8000000000000000]",
     {44: 0x8000}, None),
    ("none-float", "address: 48, type: float32, invalid: [-9999.0]",
     {48: 0xC61C, 49: 0x3C00}, None),
    ("none-dec", "address: 50, type: uint64, invalid: [18446744073709551615]",
     {a: 0xFFFF for a in range(50, 54)}, None),
]
TEXTS = [
    ("two", "address: 100, type: string, length: 3", {100: 0x4142, 101: 0x43FF},
     "ABC"),
    ("low", "address: 103, type: string, length: 3, chars: low",
     {103: 0x41, 104: 0x42, 105: 0}, "AB"),
    ("high", "address: 106, type: string, length: 3, chars: high",
     {106: 0x4100, 107: 0xB000, 108: 0x4300}, "A\u00b0C"),
    ("state", 'address: 109, values: {0: "off", 1: "heating"}', {109: 1},
     "heating"),
    ("number", "address: 110", {110: 4711}, "4711"),
]
# Keys, resource of which object, written value, and the registers then.
WRITTEN = [
    ("switch", "address: 200, on_value: 26, off_value: [0, 5]", 3306, 5850, 1,
     {200: 26}),
    ("elsewhere", "table: discrete, address: 3, write_table: holding, "
     "write_address: 201, on_value: 3, poll: never", 3306, 5850, 1, {201: 3}),
    ("coil-of-register", "address: 202, bits: \"0\", write_table: coil, "
     "write_address: 9", 3306, 5850, 1, {"coil": (9, 1)}),
    ("bit", "address: 203, bits: \"2\"", 3306, 5850, 1, {203: 0xA5F4}),
    ("range", "address: 204, bits: \"8-11\"", 3308, 5900, 9, {204: 0xA9F0}),
    ("write-only", "address: 205, poll: never", 3308, 5900, 12, {205: 12}),
    ("scaled", "address: 206, scale_from: 207", 3308, 5900, 12.5, {206: 125}),
    ("bcd", "address: 208, type: bcd16", 3308, 5900, 4711, {208: 0x4711}),
    ("byte", "address: 209, type: int8", 3308, 5900, -1, {209: 0xFFFF}),
]
BEFORE = {200: 5, 203: 0xA5F0, 204: 0xA5F0, 207: 0xFFFF}


def point(name, keys, path, more=""):
    return f"      - {{name: {name}, {keys}, map: {path}{more}}}\n"


DEVICE = ("devices:\n  - endpoint: words\n    bus: plant\n    unit: 255\n"
          "    poll: 200ms\n    max_bits: 16\n    points:\n" +
          "".join(point(name, keys, f"3300/{i}")
                  for i, (name, keys, _, _) in enumerate(READ)) +
          "".join(point(f"text-{name}", keys, f"3341/{i}/5527")
                  for i, (name, keys, _, _) in enumerate(TEXTS)) +
          "".join(point(f"w-{w[0]}", w[1], f"{w[2]}/{i}/{w[3]}",
                        ", writable: true") for i, w in enumerate(WRITTEN)))


def group(endpoint, more=""):
    return f"""\
  - endpoint: {endpoint}
    bus: plant
    unit: 1
    poll: 200ms
    points:
      - {{name: mode, address: 300, group: drive, map: 3308/0/5900,
         writable: true}}
      - {{name: power, address: 301, type: int32, group: drive,
         map: 3308/1/5900, writable: true}}
      - {{name: limit, address: 303, group: drive, map: 3308/2/5900,
         writable: true}}
{more}"""


def senml(values):
    return hexed(json.dumps([{"n": p, "v": v} for p, v in values.items()]))


class Words(SharedSite):
    @classmethod
    def build(cls, site):
        cls.slave = site.slave("255=plain", "1=plain")
        cls.cells(255, {a: 0 for a in (23, 24, 25, 28, 29, 34, 45, 46, 47,
                                       102, 201, 202, 205, 206, 208, 209)})
        for _, _, cells, _ in READ + TEXTS:
            cls.cells(255, cells)
        cls.cells(255, BEFORE)
        cls.slave.do("set 255 coil 9 0")
        cls.server = site.server()
        cls.gateway = site.gateway(cls.server.port, sites.bus(cls.slave.port) +
                                   DEVICE + group("drive"))
        cls.server.registered("words")
        cls.server.registered("drive")

    @classmethod
    def cells(cls, unit, cells):
        for address, word in cells.items():
            cls.slave.do(f"set {unit} holding {address} {word}")

    def test_types_are_read(self):
        for i, (name, _, _, value) in enumerate(READ):
            with self.subTest(name):
                path = f"/3300/{i}/5700"
                if value is None:
                    self.server.wait_code("words", path, "5.04")
                else:
                    self.server.wait_value("words", path, value)

    def test_texts_are_read(self):
        for i, (name, _, _, value) in enumerate(TEXTS):
            with self.subTest(name):
                self.server.wait_value("words", f"/3341/{i}/5527", value)

    def test_values_are_written(self):
        for i, (name, _, obj, resource, value, cells) in enumerate(WRITTEN):
            with self.subTest(name):
                self.assertEqual(self.server.code(
                    "write", "words", f"/{obj}/{i}/{resource}", text=value),
                    "2.04")
                for at, word in cells.items():
                    if at == "coil":
                        self.assertEqual(self.slave.get(255, at, word[0]),
                                         word[1])
                    else:
                        self.assertEqual(self.slave.get(255, "holding", at),
                                         word)

    def drive(self):
        return [self.slave.get(1, "holding", a) for a in range(300, 304)]

    def patch(self, values, code="2.04"):
        answer = self.server.ask("request", "drive", "IPATCH", "/",
                                 hex=senml(values), format=JSON)
        self.assertEqual(answer["code"], code, answer)

    def test_group_is_written_at_once(self):
        self.cells(1, {300: 1, 301: 0, 302: 5, 303: 9})
        before = len(self.slave.writes())
        self.patch({"/3308/2/5900": 3, "/3308/0/5900": 2, "/3308/1/5900": -7})
        self.assertEqual(self.drive(), [2, 0xFFFF, 0xFFF9, 3])
        # a line for each register, of one request in their order
        self.assertEqual(
            [l.split()[3] for l in self.slave.writes()[before:]],
            ["300", "301", "302", "303"])
        self.assertEqual(self.server.value("drive", "/3308/1/5900"), -7)

    def test_member_alone_keeps_the_others(self):
        self.cells(1, {300: 1, 301: 0, 302: 5, 303: 9})
        self.assertEqual(self.server.code("write", "drive", "/3308/2/5900",
                                          text=4), "2.04")
        self.assertEqual(self.drive(), [1, 0, 5, 4])

    def test_nothing_of_a_refused_group_is_written(self):
        self.cells(1, {300: 1, 301: 0, 302: 5, 303: 9})
        self.patch({"/3308/0/5900": 2, "/3308/2/5900": 70000}, "4.00")
        self.slave.do("exception 1 4")
        try:
            self.patch({"/3308/0/5900": 2, "/3308/1/5900": 2,
                        "/3308/2/5900": 3}, "5.00")
        finally:
            self.slave.do("exception 1 0")
        self.assertEqual(self.drive(), [1, 0, 5, 9])
        self.gateway.wait_log("drive", "write to point mode failed: "
                              "exception 4, device failure")


class Line(Site):
    """A serial line has units beyond the 247 of the standard."""

    def test_units_to_255_are_served_and_traced(self):
        line = self.add(SerialLine())
        units = (248, 254, 255)
        slave = self.slave(*(f"{u}=plain" for u in units),
                           line=("--rtu", line.ports[1]))
        for u in units:
            slave.do(f"masks {u} 1")
        slave.do("tell on")
        server = self.server()
        gateway = self.gateway(server.port, f"""\
buses:
  plant: {{adapter: modbus, transport: rtu, port: {line.ports[0]},
          serial: 19200 8N1, timeout: 1s}}
devices:
""" + "".join(f"""\
  - endpoint: u{u}
    bus: plant
    unit: {u}
    poll: 200ms
    points:
      - {{name: v, address: {u}, map: 3300/0}}
      - {{name: w, address: 400, map: 3308/0/5900, writable: true}}
      - {{name: b, address: 401, bits: "0", map: 3306/0, writable: true}}
""" for u in units))
        for u in units:
            server.registered(f"u{u}")
            server.wait_value(f"u{u}", "/3300/0/5700", u)
            self.assertEqual(server.code("write", f"u{u}", "/3308/0/5900",
                                         text=u + 1), "2.04")
            self.assertEqual(slave.get(u, "holding", 400), u + 1)
            self.assertEqual(server.code("write", f"u{u}", "/3306/0/5850",
                                         text=0), "2.04")
            self.assertEqual(slave.get(u, "holding", 401), 400)
        self.assertEqual([r for r in slave.requests() if r[1] > 16],
                         [(u, 22, 401, 1) for u in units])
        trace = gateway.ctl("trace", "plant", "--for", "2s").stdout
        self.assertIn("-> ff 03 00 ff 00 01 a1 e4   unit 255: read 1 holding "
                      "registers from 255\n", trace)
        self.assertIn("<- f8 03 02 00 f8 ", trace)
        self.assertIn("   unit 248: 248\n", trace)


class Requests(Site):
    """What goes to the device, as the device sees it."""

    def start(self, points, more=""):
        self.slave_ = self.slave("1=plain")
        self.slave_.do("tell on")
        self.server_ = self.server()
        self.gateway_ = self.gateway(
            self.server_.port, sites.bus(self.slave_.port) + f"""\
devices:
  - endpoint: one
    bus: plant
    unit: 1
    poll: 200ms
    {more}
    points:
{points}""")
        self.server_.registered("one")

    def writes(self, after=0):
        return [r[1:] for r in self.slave_.requests()[after:] if r[1] > 4]

    def test_bits_are_masked_by_the_device_or_by_us(self):
        self.start(point("switch", 'address: 40, bits: "2"', "3306/0",
                         ", writable: true") +
                   point("level", 'address: 40, bits: "8-11"',
                         "3308/0/5900", ", writable: true"))
        for masks, functions in ((1, [22, 22]), (0, [22, 6, 6])):
            with self.subTest(masks=masks):
                self.slave_.do(f"masks 1 {masks}")
                self.slave_.do("set 1 holding 40 0xA5F0")
                before = len(self.slave_.requests())
                for path, value in (("/3306/0/5850", 1),
                                    ("/3308/0/5900", 9)):
                    self.assertEqual(self.server_.code(
                        "write", "one", path, text=value), "2.04")
                self.assertEqual(self.slave_.get(1, "holding", 40), 0xA9F4)
                self.assertEqual([f for f, *_ in self.writes(before)],
                                 functions)
                self.assertEqual(self.server_.value("one", "/3308/0/5900"), 9)

    def bits_read(self, addresses, more):
        self.start("".join(point(f"b{a}", f"table: coil, address: {a}",
                                 f"3200/{i}")
                           for i, a in enumerate(addresses)), more)
        for i, a in enumerate(addresses):
            self.server_.wait_value("one", f"/3200/{i}/5500", a % 2 == 1)
        return {r[1:] for r in self.slave_.requests()}

    def test_max_bits_is_the_longest_request(self):
        self.assertEqual(self.bits_read((0, 15, 16, 31, 32), "max_bits: 16"),
                         {(1, 0, 16), (1, 16, 16), (1, 32, 1)})

    def test_max_bits_of_the_standard(self):
        self.assertEqual(self.bits_read((1, 999, 2000, 2001),
                                        "max_hole: 125"),
                         {(1, 1, 2000), (1, 2001, 1)})


SLEEPS = """queue: true
    awake_time: 1s
    silent_after: 5min
    asleep_write: """


class Sleeper(Site):
    """A group for a device that sleeps is one request when it wakes."""

    def start(self, more):
        self.slave_ = self.slave("1=plain")
        self.server_ = self.server()
        self.gateway_ = self.gateway(
            self.server_.port, sites.bus(self.slave_.port) + "devices:\n" +
            group("drive", f"    {SLEEPS}{more}\n"))
        self.server_.registered("drive")
        self.slave_.do("mute 1")
        wait_for(lambda: self.gateway_.status("drive")["endpoints"][0]
                 ["state"] == "asleep", "asleep")
        self.slave_.do("tell on")

    def patch(self):
        values = senml({"/3308/2/5900": 3, "/3308/0/5900": 2,
                        "/3308/1/5900": -7})
        return self.server_.send("request", "drive", "IPATCH", "/",
                                 hex=values, format=JSON, timeout=30000)

    def woken(self):
        self.slave_.do("unmute 1")
        wait_for(self.slave_.writes, "it is written")
        self.assertEqual([r for r in self.slave_.requests() if r[1] > 4],
                         [(1, 16, 300, 4)])
        self.assertEqual([self.slave_.get(1, "holding", a)
                          for a in range(300, 304)], [2, 0xFFFF, 0xFFF9, 3])

    def test_held_group_is_written_at_once(self):
        self.start("hold")
        asked = self.patch()
        wait_for(lambda: self.gateway_.status("drive")["endpoints"][0]
                 .get("held") == 1, "it is held")
        self.woken()
        self.assertEqual(self.server_.answer(asked)["code"], "2.04")

    def test_accepted_group_outlives_a_restart(self):
        self.start("accept")
        self.assertEqual(self.server_.answer(self.patch())["code"], "2.04")
        wait_for(lambda: list((self.gateway_.state / "accepted").iterdir()),
                 "it is stored")
        self.gateway_.restart()
        self.assertFalse(self.slave_.writes())
        self.woken()


class Setup(Site):
    def test_setup_comes_first_and_beats(self):
        slave = self.slave("1=plain")
        server = self.server()
        slave.do("exception 1 6")
        gateway = self.gateway(server.port, sites.bus(slave.port) + "devices:\n" +
            group("drive", """\
    setup:
      - {address: 400, value: 3, group: start}
      - {address: 401, type: int16, value: -1, group: start}
      - {address: 403, value: 1, every: 500ms}
"""))
        gateway.wait_log("drive", "setup 1 failed: exception 6, device busy")
        wait_for(lambda: "setup 1 failed: exception 6" in
                 gateway.ctl("status").stdout, "the status says why")
        self.assertFalse(slave.writes())
        slave.do("exception 1 0")
        server.registered("drive")
        beats = wait_for(lambda: (w := slave.writes())[5:] and w, "beats")
        self.assertEqual([l.split()[3:6:2] for l in beats[:3]],
                         [["400", "3"], ["401", "65535"], ["403", "1"]])
        self.assertEqual({l.split()[3] for l in beats[3:]}, {"403"})


class Wrong(Site):
    CASES = (
        ("address: 1, group: g, table: coil", "'group': is of holding"),
        ('address: 1, group: g, bits: "3"', "'group': does not go with 'bits'"),
        ("address: 1, chars: low", "'chars': is of type string"),
        ("high: 1", "'high' and 'low' go together"),
        ("address: 1, poll: never", "'poll': what is never read must be "
         "writable"),
        ("address: 1, on_value: 1, off_value: 1", "'off_value': 1 is "
         "'on_value' too"),
        ("address: 1, invalid: [0x10000]", "'invalid': 0x10000 is wider"),
        ("address: 1, writable: true, range: [0, 10], safe: 11",
         "'safe'"),
        ("address: 1, writable: true, write_table: coil", "'write_table': a "
         "coil takes a boolean"),
        ('address: 1, values: {0: "off"}, map: 3300/0', "'values': is of "
         "numbers that are mapped to a resource of type string"),
        ("address: 1, scale_from: 500", "'scale_from': is too far away"),
    )

    def check(self, devices):
        gateway = self.gateway(5683, sites.bus(502) + devices, start=False)
        result = gateway.once("--check")
        return result.returncode, result.stdout + result.stderr

    def test_what_does_not_go_together_is_an_error(self):
        devices = "devices:\n" + "".join(
            f"  - endpoint: e-{i}\n    bus: plant\n    unit: {i + 1}\n"
            f"    points: [{{name: p, {keys}}}]\n"
            for i, (keys, _) in enumerate(self.CASES))
        code, text = self.check(devices)
        self.assertEqual(code, 1)
        for keys, said in self.CASES:
            self.assertIn(said, text, keys)

    def test_groups_are_registers_in_a_row(self):
        code, text = self.check("devices:\n" + group("drive", """\
      - {name: far, address: 305, group: drive, map: 3308/3/5900,
         writable: true}
"""))
        self.assertEqual(code, 1)
        self.assertIn("the group 'drive' is not of registers in a row", text)

    def test_a_unit_twice_and_a_manuals_number_are_told(self):
        code, text = self.check("""\
devices:
  - {endpoint: a, bus: plant, unit: 3, points: [{name: p, address: 40001}]}
  - {endpoint: b, bus: plant, unit: 3, points: [{name: p, address: 2}]}
""")
        self.assertEqual(code, 0, text)
        self.assertIn("address_base: 40001", text)
        self.assertIn("unit 3", text)

    def test_a_line_twice_is_an_error(self):
        code, text = self.check("""\
devices:
  - {endpoint: a, unit: 3, points: [{name: p, address: 1}],
     bus: {adapter: modbus, transport: tcp, host: Localhost}}
  - {endpoint: b, unit: 4, points: [{name: p, address: 2}],
     bus: {adapter: modbus, transport: tcp, host: localhost}}
""")
        self.assertEqual(code, 1)
        self.assertRegex(text, r"is on the same line as 'a' "
                         r"\(conf\.d/devices\.yaml:\d+:\d+\)")
