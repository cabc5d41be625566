# SPDX-License-Identifier: GPL-2.0-or-later
"""SunSpec: points by model and field, wherever the device has its map."""
import struct

import sites
from harness import Site, wait_for

POINTS = """\
devices:
  - endpoint: inverter
    bus: plant
    unit: 1
    poll: 200ms
    points:
      - {name: manufacturer, model: 1, field: Mn, map: 3/0/0}
      - {name: power, model: [103, 113], field: W, unit: W, map: 3328/0}
      - {name: voltage, model: [103, 113], field: PhVphA, unit: V, map: 3316/0}
      - {name: voltage-b, model: [103, 113], field: PhVphB, unit: V,
         map: 3316/1}
      - {name: energy, model: [103, 113], field: WH, unit: Wh, map: 3331/0}
      - {name: dc-2, model: 160, field: DCW, block: 2, unit: W, map: 3328/1}
      - {name: plain, address: 100, unit: Cel, map: 3303/0}
"""


def text(words, value):
    raw = value.encode().ljust(2 * words, b"\0")
    return list(struct.unpack(f">{words}H", raw))


def float32(value):
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def model(number, length, **fields):
    """fields: offset from the model's id, as _14=[...]"""
    words = [number, length] + [0xFFFF] * length
    for name, value in fields.items():
        at = int(name[1:])
        words[at:at + len(value)] = value
    assert len(words) == length + 2
    return words


COMMON = model(1, 66, _2=text(16, "Acme"))
INTEGERS = model(103, 50, _10=[2301], _13=[0xFFFF], _14=[0xFE0C], _15=[1],
                 _24=[0x0012, 0xD687], _26=[0])
FLOATS = model(113, 60, _16=float32(230.1), _18=[0x7FC0, 0],
               _22=float32(-5000), _32=float32(1234567))
STRINGS = model(160, 48, _2=[0, 0, 1, 0], _8=[2], _41=[257])
VALUES = {"/3328/0/5700": -5000, "/3316/0/5700": 230.1,
          "/3331/0/5700": 1234567, "/3328/1/5700": 2570,
          "/3303/0/5700": 42}


class SunSpec(Site):
    def start(self, base, *models):
        self.slave_ = self.slave("1=boiler")
        self.put(base, *models)
        self.slave_.do("set 1 holding 100 42")
        self.server_ = self.server()
        self.gateway_ = self.gateway(self.server_.port, sites.bus(
            self.slave_.port) + POINTS)

    def put(self, base, *models):
        words = [0x5375, 0x6E53] + sum(models, []) + [0xFFFF, 0]
        for at in range(0, len(words), 50):
            self.slave_.do(f"set 1 holding {base + at} " +
                           " ".join(map(str, words[at:at + 50])))

    def holds(self):
        self.server_.registered("inverter")
        for path, value in VALUES.items():
            self.server_.wait_value("inverter", path, value)
        self.assertEqual(self.server_.value("inverter", "/3/0/0"), "Acme")
        # not implemented: 0xFFFF, and not a number
        self.server_.wait_code("inverter", "/3316/1/5700", "5.04")

    def test_integers_with_scale_factors(self):
        self.start(40000, COMMON, INTEGERS, STRINGS)
        self.holds()

    def test_floats_at_another_address(self):
        self.start(50000, COMMON, FLOATS, STRINGS)
        self.holds()

    def test_map_at_the_beginning_with_another_model_before(self):
        self.start(0, COMMON, model(120, 26), STRINGS, FLOATS)
        self.slave_.do("set 1 holding 100 42")
        self.server_.registered("inverter")
        # model 120 covers register 100 there
        for path in ("/3328/0/5700", "/3328/1/5700"):
            self.server_.wait_value("inverter", path, VALUES[path])

    def test_model_that_comes_later_is_found(self):
        self.start(40000, COMMON, INTEGERS)
        self.gateway_.wait_log("point dc-2 has no value",
                               "no SunSpec model 160 here; the device has "
                               "1, 103")
        self.put(40000, COMMON, INTEGERS, STRINGS)
        self.server_.registered("inverter")
        self.server_.wait_value("inverter", "/3328/1/5700", 2570)

    def test_device_without_a_map_keeps_its_other_points(self):
        self.start(0, [])
        self.slave_.do("unset 1 holding 0")
        self.gateway_.wait_log("no SunSpec map at 40000, 50000 or 0")
        self.server_.registered("inverter")
        self.server_.wait_value("inverter", "/3303/0/5700", 42)

    def test_wrong_keys(self):
        for keys, said in (
                ("model: 999, field: W", "'model': 999 is not known"),
                ("model: 103", "'model': needs a 'field'"),
                ("model: 103, field: Ww", "'field': SunSpec's model 103 has "
                 "no 'Ww'"),
                ("model: 103, field: W, address: 3", "'address': does not go "
                 "with 'model'"),
                ("model: [103, 1], field: W", "'field': SunSpec's model 1 "
                 "has no 'W'"),
                ("field: W, address: 3", "'field': is of a 'model'"),
                ("model: 160, field: DCW, block: 7", "too far away")):
            with self.subTest(keys=keys):
                gateway = self.gateway(5683, sites.bus(502) + f"""\
devices:
  - {{endpoint: e, bus: plant, unit: 1, points: [{{name: p, {keys}}}]}}
""", start=False)
                result = gateway.once("--check")
                self.assertEqual(result.returncode, 1)
                self.assertIn(said, result.stderr)
