# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd --check and --dry-run: all mistakes at once, each with its place, and
no port opened for it."""
import os
import pathlib
import re
import subprocess
import tempfile

import sites
from harness import ROOT, Site, binary, wait_for

DEVICES = "conf.d/devices.yaml"


class Check(Site):
    def check(self, devices, code=1, **files):
        gateway = self.gateway(5683, devices, start=False, **files)
        result = gateway.once("--check")
        text = result.stdout + result.stderr
        self.assertEqual(result.returncode, code, text)
        return text

    def assertSays(self, text, *parts):
        """One line holds all the parts."""
        self.assertTrue(any(all(p in line for p in parts)
                            for line in text.splitlines()),
                        f"no line with {parts} in:\n{text}")

    def test_good_configuration(self):
        self.check(sites.SIM, 0)

    def test_examples_of_the_readme(self):
        text = (ROOT / "README.md").read_text()
        blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        device, point = (next(b for b in blocks if b.startswith(start))
                         for start in ("devices:", "      - {name"))
        self.check(device, 0)
        self.check(device.replace("profile: eastron/sdm120", "points:") +
                   point, 0)

    def test_example_of_the_page_on_profiles(self):
        page = (ROOT / "agent/lwmux-profile.5").read_text()
        profile = re.search(r"\.nf\n(.*?)\.fi", page, re.DOTALL)[1]
        text = self.check(sites.bus(502) + "devices:\n  - {endpoint: e, bus: "
                          "plant, unit: 1, profile: acme/th-2}\n", 0,
                          **{"profiles/acme/th-2.yaml": profile})
        self.assertNotIn("warning", text)

    def test_unknown_key_with_the_nearest_known_one(self):
        text = self.check(sites.SIM.replace("poll:", "pol:"))
        self.assertSays(text, "devices.yaml:4:5:", "pol", "poll")

    def test_unknown_key_of_an_adapter(self):
        text = self.check(sites.SIM.replace("signal:", "signl:"))
        self.assertSays(text, "devices.yaml:9:", "signl", "signal")

    def test_unknown_choice(self):
        text = self.check(sites.SIM.replace("constant", "constnt"))
        self.assertSays(text, "devices.yaml:9:", "constnt", "constant")

    def test_wrong_timespan(self):
        text = self.check(sites.SIM.replace("200ms", "200 parsecs"))
        self.assertSays(text, "devices.yaml:4:11:", "200 parsecs")

    def test_key_twice(self):
        text = self.check(sites.SIM.replace("poll: 200ms",
                                            "poll: 1s\n    poll: 2s"))
        self.assertSays(text, "devices.yaml:5:5:", "poll", "twice")

    def test_anchor(self):
        text = self.check(sites.SIM.replace("200ms", "&p 200ms"))
        self.assertSays(text, "devices.yaml:4:", "anchor")

    def test_not_yaml(self):
        text = self.check("devices: [\n")
        self.assertSays(text, "devices.yaml:", "YAML")

    def lines(self, *buses, more=""):
        """So many meters, each on a bus of its own, as its keys say."""
        text = "devices:\n"
        for number, keys in enumerate(buses):
            text += (f"  - {{endpoint: meter-{number}, unit: 1, "
                     f"bus: {{adapter: modbus, {keys}}}{more},\n     points: "
                     "[{name: t, address: 1, map: 3303/0}]}\n")
        return text

    def test_two_buses_on_one_line(self):
        twice = "the bus 'meter-1' is on the same line as 'meter-0'"
        for keys in ("transport: tcp, host: Plc.example",
                     "transport: rtu-over-tcp, host: 192.0.2.1, "
                     "tcp_port: 4001",
                     "transport: rtu, port: /dev/ttyUSB0"):
            other = keys.replace("Plc", "plc")
            with self.subTest(keys=keys):
                text = self.check(self.lines(keys, other))
                self.assertSays(text, "devices.yaml:4:", twice,
                                "devices.yaml:2:")

    def test_two_names_of_one_port(self):
        with tempfile.TemporaryDirectory() as directory:
            port = pathlib.Path(directory, "port")
            port.touch()
            name = pathlib.Path(directory, "by-id")
            name.symlink_to(port)
            text = self.check(self.lines(f"transport: rtu, port: {port}",
                                         f"transport: rtu, port: {name}"))
        self.assertSays(text, "same line as 'meter-0'")

    def test_lines_of_their_own(self):
        text = self.check(self.lines(
            "transport: tcp, host: 192.0.2.1",
            "transport: tcp, host: 192.0.2.1, tcp_port: 503",
            "transport: tcp, host: 192.0.2.2",
            "transport: rtu, port: /dev/ttyUSB0",
            "transport: rtu, port: /dev/ttyUSB1"), 0)
        self.assertNotIn("warning", text)

    def test_range_that_goes_too_far_is_one_mistake(self):
        fleet = ("devices:\n  - endpoint: m-${unit}\n    bus: plant\n"
                 "    unit: %s\n    points: [{name: t, address: 1, "
                 "map: 3303/0}]\n")
        for units in ("1-300", "256-400", "1,2,255-260", "[1, 256, 257]"):
            with self.subTest(units=units):
                text = self.check(sites.bus(502) + fleet % units)
                self.assertSays(text, "devices.yaml:6:11: 'unit' must be 0 "
                                "to 255, not all of " +
                                units.strip("[]").replace(", ", ","))
                self.assertEqual(text.count("'unit'"), 1, text)
        self.check(sites.bus(502) + fleet % "0-255", 0)

    def test_template_of_another_program_is_hinted_at(self):
        for name, word in (("x-$HOSTNAME", "hostname"), ("%h", "hostname"),
                           ("x-{hostname}-1", "hostname"),
                           ("x-{unit}", "unit"), ("%m-x", "machine_id")):
            with self.subTest(name=name):
                text = self.check(sites.SIM.replace(
                    "endpoint: sim", f'endpoint: "{name}"'), 0)
                self.assertSays(text, "devices.yaml:2:15: warning: "
                                "'endpoint': '", f"${{{word}}}")
        for name in ("100%humid", "$unity", "x-${hostname}", "{5}"):
            with self.subTest(name=name):
                text = self.check(sites.SIM.replace(
                    "endpoint: sim", f'endpoint: "{name}"'), 0)
                self.assertNotIn("warning", text)

    def test_keys_of_numbers_at_what_is_none(self):
        device = (sites.bus(502) + "devices:\n  - endpoint: e\n    bus: plant"
                  "\n    unit: 1\n%s    points:\n"
                  "      - {name: c, table: coil, address: 3, "
                  "map: 3342/0/5500%s}\n"
                  "      - {name: t, address: 3, map: 3303/0}\n")
        for more, key in (("scale: 2", "scale"), ("offset: 3", "offset"),
                          ("round: 1", "round"), ("type: int32", "type")):
            with self.subTest(key=key):
                text = self.check(device % ("", ", " + more), 0)
                self.assertSays(text, "devices.yaml:8:", "warning: "
                                f"'{key}': ", "leave it away")
                self.assertEqual(text.count("warning"), 1, text)
                # of all points, one of which has a use for it
                text = self.check(device % (f"    {more}\n", ""), 0)
                self.assertNotIn("warning", text)
        text = self.check(device % ("", ", scale: -1, offset: 1"), 0)
        self.assertNotIn("warning", text)

    def effects(self, device, cases, note="does nothing here"):
        """cases: what is added to the point, and the key that is warned of;
        None: it has an effect."""
        for more, key in cases:
            with self.subTest(device=device, more=more):
                text = self.check(device % more, 0)
                self.assertEqual(text.count("warning"), 1 if key else 0, text)
                if key:
                    self.assertSays(text, f"warning: '{key}': ", note)

    def test_modbus_keys_that_do_nothing(self):
        device = (sites.bus(502) + "devices:\n  - endpoint: e\n    bus: plant"
                  "\n    unit: 1\n    points:\n      - {name: p, %s%%s}\n")
        coil = "table: coil, address: 3, map: 3342/0/5500"
        for point, cases in (
                ("address: 3, map: 3300/0", (
                    (", length: 2", "length"), (", order: CDAB", "order"),
                    (", order: BADC", None), (", high_factor: 10",
                                              "high_factor"),
                    (", block: 2", "block"),
                    (", type: int32, order: CDAB", None))),
                ("address: 3, type: string, length: 2, map: 3341/0/5527", (
                    (", order: CDAB", "order"), (", order: DCBA", None))),
                (coil, ((", length: 2", "length"), (", order: DCBA", "order"),
                        (", type: int32", "type"))),
                ("model: 103, field: W, map: 3305/0", (
                    (", type: int32", "type"), (", length: 2", "length"),
                    (", order: DCBA", "order"), (", block: 2", "block"))),
                ("model: 160, field: DCW, map: 3305/0",
                 ((", block: 2", None),))):
            self.effects(device % point, cases, "leave it away")
        for key, value in ("write_table", "holding"), ("write_address", 9):
            self.effects(device % "address: 3, map: 3308/0/5900", (
                (f", {key}: {value}", key),
                (f", {key}: {value}, writable: true", None)), "writable")
        whole = (device % "address: 3, map: 3300/0").replace(
            "    points:", "    order: CDAB\n    points:")
        self.effects(whole, (("", "order"), (", type: int32", None)),
                     "no point")

    def test_modbus_buses_with_keys_that_do_nothing(self):
        device = ("devices:\n  - {endpoint: e, unit: 1, bus: {adapter: modbus, "
                  "%s%%s}, points: [{name: p, address: 3, map: 3300/0}]}\n")
        self.effects(device % "transport: rtu, port: /dev/ttyS9", (
            (", tcp_port: 503", "tcp_port"),), "leave it away")
        for transport in "tcp", "rtu-over-tcp":
            self.effects(
                device % f"transport: {transport}, host: 127.0.0.1",
                ((", serial: 19200 8E1", "serial"), (", rs485: true", "rs485")),
                "leave it away")

    def test_gpio_keys_that_do_nothing(self):
        device = ("devices:\n  - {endpoint: e, bus: gpio, points: [{name: p, "
                  "line: a, %s%%s}%s]}\n")
        other = ", {name: o, line: a, %s}"
        idle, save = ", idle: 1min", ", save: 1min"
        for point, more, cases in (
                ("map: 3200/0", "", (
                    (", edge: both", "edge"), (idle, "idle"), (save, "save"),
                    (", drive: open-drain", "drive"),
                    (", debounce: 5ms", None))),
                ("map: 3200/0", other % "count: rate, map: 3300/0", (
                    (idle, None), (save, "save"), (", edge: both", "edge"))),
                ("count: total, map: 3300/0", "", (
                    (", edge: both", None), (idle, "idle"), (save, None))),
                ("line_b: b, count: quadrature, map: 3300/0", "",
                 ((", edge: both", "edge"), (save, None))),
                ("writable: true, map: 3306/0", "", (
                    (", drive: open-drain", None), (", debounce: 5ms",
                                                    "debounce")))):
            self.effects(device % (point, more), cases)

    def test_ble_keys_that_do_nothing(self):
        device = ("devices:\n  - {endpoint: e, bus: ble, address: "
                  "'C0:11:22:33:44:01', %s%%s}]}\n")
        field = "decode: bthome, points: [{name: p, field: %s, map: %s"
        at = ("decode: profile, match: company 0059, points: [{name: p, at: 1, "
              "type: %s, map: 3300/0")
        gatt = "points: [{name: p, characteristic: FFE1, type: %s, map: 3300/0"
        big, mask = ", order: big", ", mask: 7"
        for point, cases in (
                (field % ("temperature", "3303/0"), (
                    (", type: uint16", "type"), (", length: 2", "length"),
                    (big, "order"), (mask, "mask"), (", minus: 8", "minus"),
                    (", divisor: 10", "divisor"), (", modulo: 10", "modulo"),
                    (", invalid: [5]", "invalid"),
                    (", off_after: 5s", "off_after"))),
                (field % ("motion", "3302/0"), ((", off_after: 5s", None),)),
                (at % "uint8", ((big, "order"), (mask, None),
                                (", length: 2", "length"))),
                (at % "float32", ((big, None), (mask, "mask"))),
                (gatt % "uint16", ((big, None), (mask, None),
                                   (", off_after: 5s", "off_after")))):
            self.effects(device % point, cases)
        for point, cases in (
                ((field % ("motion", "3302/0")), (
                    ("start: [FFE9 55], ", "start"),
                    ("security: encrypted, ", "security"),
                    ("connect_timeout: 20s, ", "connect_timeout"))),
                (at % "uint8", (("variant: H5106, ", "variant"),)),
                (gatt % "uint8", (("security: encrypted, ", None),))):
            self.effects(device.replace("%s%%s", "%s" + point), cases)

    def test_sim_keys_that_do_nothing(self):
        device = ("devices:\n  - {endpoint: e, bus: sim, points: [{name: p, "
                  "map: 3300/0, signal: %s%%s}]}\n")
        value, period = ", value: 3", ", period: 3s"
        for signal, cases in (
                ("constant", ((value, None), (", max: 4", "max"),
                              (", min: -4", "min"), (period, "period"),
                              (", file: x.csv", "file"))),
                ("sine", ((value, "value"), (", max: 4", None),
                          (period, None))),
                ("random", ((period, "period"), (", max: 4", None)))):
            self.effects(device % signal, cases)

    def test_fleet_of_hosts(self):
        """A template makes a bus for each device, without one they share it;
        what a bus gives to its devices is filled there."""
        fleet = ("devices:\n  - {endpoint: \"m-${unit}\", unit: 1-3, bus: "
                 "{adapter: modbus, transport: tcp, host: HOST, "
                 "manufacturer: \"m ${unit}\"}, "
                 "points: [{name: t, address: 1, map: 3303/0}]}\n")
        for host, buses in (('"192.0.2.${unit}"', "3 buses"),
                            ('"${endpoint}.example"', "3 buses"),
                            ("192.0.2.1", "1 bus")):
            with self.subTest(host=host):
                text = self.check(fleet.replace("HOST", host), 0)
                self.assertSays(text, "fine: ", "3 devices", buses)
                self.assertNotIn("warning", text)
        text = self.check(fleet.replace("HOST", '"192.0.2.${unti}"'))
        self.assertSays(text, "devices.yaml:2:", "${unti} is not known")

    def test_unit_twice_is_a_warning(self):
        text = self.check(sites.meters(502) + """\
  - endpoint: again
    bus: plant
    unit: 2
    points: [{name: t, address: 100, map: 3303/0}]
""", 0)
        self.assertSays(text, "warning: unit 2 of the bus 'plant' is "
                        "'meter-2' already: ", "devices.yaml:")
        self.assertEqual(text.count("warning"), 1)
        self.assertSays(text, "fine: ")

    def test_address_as_in_a_manual_is_a_warning(self):
        for table, address, base in (("holding", 40003, 40001),
                                     ("input", 30001, 30001),
                                     ("discrete", 10010, 10001)):
            point = (f"table: {table}, address: {address}")
            devices = sites.meters(502, units=(1,)).replace(
                "table: holding, address: 100, type: int16, scale: 0.1,",
                point + ",").replace("3303", "3200" if table == "discrete"
                                     else "3303").replace("unit: Cel, ", "")
            with self.subTest(table=table):
                text = self.check(devices, 0)
                self.assertSays(text, "warning: ", f"address {address}",
                                f"address_base: {base}")
                for said in (base, 0):
                    text = self.check(devices.replace(
                        "poll: 200ms",
                        f"poll: 200ms\n    address_base: {said}"), 0)
                    self.assertNotIn("warning", text)

    def meter(self, keys, path="3300/0"):
        """One with one point; what --check has to say."""
        devices = sites.meters(502, units=(1,)).replace(
            "table: holding, address: 100, type: int16, scale: 0.1,",
            keys + ",").replace("3303/0", path).replace("unit: Cel, ", "")
        self.assertIn(keys, devices)
        return devices

    def test_address_as_in_a_manual_elsewhere(self):
        for keys, code, said in (
                ("table: coil, address: 10017", 0, "first input so, say table: "
                 "discrete, address_base: 10001"),
                ("high: 40001, low: 40002", 0, "say address_base: 40001"),
                ("address: 400001", 1, "say address_base: 400001"),
                ("table: input, address: 300017", 1,
                 "say address_base: 300001")):
            with self.subTest(keys=keys):
                text = self.check(self.meter(
                    keys, "3200/0" if "coil" in keys else "3300/0"), code)
                self.assertEqual(text.count("devices.yaml"), 1, text)
                self.assertSays(text, "devices.yaml:", said)
        self.assertNotIn("warning", self.check(self.meter("address: 35080"),
                                               0))
        text = self.check(self.meter("address: 400017").replace(
            "poll: 200ms", "poll: 200ms\n    address_base: 400001"), 0)
        self.assertNotIn("warning", text)

    def test_type_that_does_not_suit_the_object(self):
        for keys, path, said in (
                ("table: coil, address: 1", "3303/0",
                 "/3303/0/5700 (Sensor Value) is a measured value"),
                ("address: 1, on_value: 1", "3303/0", "gives true or false"),
                ("address: 1, type: float32", "3302/0",
                 "/3302/0/5500 (Digital Input State) is true or false"),
                ("address: 1, scale: 0.1", "3200/0", "all but 0 would be")):
            with self.subTest(keys=keys):
                text = self.check(self.meter(keys, path), 0)
                self.assertSays(text, "devices.yaml:", "warning: 'map': ",
                                said)
        for keys, path in (("table: coil, address: 1", "3200/0"),
                           ("address: 1", "3302/0"),
                           ("address: 1, type: float32", "3303/0")):
            with self.subTest(keys=keys):
                self.assertNotIn("warning",
                                 self.check(self.meter(keys, path), 0))

    def test_host_that_is_more_than_one(self):
        for host, said in (("192.0.2.1:502", "a port in it"),
                           ("tcp://plc", "only the name or address"),
                           ("'plc '", "is no name or address")):
            text = self.check(f"buses: {{a: {{adapter: modbus, transport: tcp, "
                              f"host: {host}}}}}\n")
            self.assertSays(text, "devices.yaml:1:", "'host': ", said)

    def serial_meters(self, n, serial, poll):
        return (f"buses:\n  line: {{adapter: modbus, transport: rtu, "
                f"port: /dev/ttyUSB0, serial: {serial}}}\n"
                f"devices:\n  - {{endpoint: \"m-${{unit}}\", bus: line, "
                f"unit: 1-{n}, profile: eastron/sdm120, poll: {poll}}}\n")

    def test_line_that_cannot_carry_its_devices_is_a_warning(self):
        text = self.check(self.serial_meters(32, "2400 8N1", "1s"), 0)
        self.assertSays(text, "devices.yaml:2:", "warning: the line of the "
                        "bus 'line' cannot carry its devices: ", " % of")
        text = self.check(self.serial_meters(32, "9600 8N1", "60s"), 0)
        self.assertNotIn("warning", text)

    def test_endpoint_twice_names_both_files(self):
        text = self.check(sites.SIM, **{"conf.d/more.yaml": sites.SIM})
        self.assertSays(text, "more.yaml:2:", "devices.yaml", "sim")

    def test_missing_key_tells_what_may_be_it(self):
        text = self.check("devices:\n  - {Endpoint: a, bsu: sim, poll: 5,\n"
                          "     points: [{nam: t, map: 3303/0}]}\n")
        self.assertSays(text, "devices.yaml:2:6: a device needs the key "
                        "'endpoint', which may be meant by 'Endpoint'")
        self.assertSays(text, "devices.yaml:2:19: a device needs the key "
                        "'bus', which may be meant by 'bsu'")
        self.assertSays(text, "devices.yaml:2:35: 'poll' is a time")

    def test_all_mistakes_where_a_name_is_missing(self):
        text = self.check("""\
devices:
  - bus: sim
    pol: 5s
    points: [{signl: constant, scale: 0, map: 33o3}]
""")
        for said in ("2:5: a device needs the key 'endpoint'",
                     "3:5: unknown key 'pol' of a sim device; did you mean "
                     "'poll'?", "4:14: a point needs the key 'name'",
                     "4:15: unknown key 'signl' of a sim point; did you mean "
                     "'signal'?", "4:39: 'scale' cannot be 0",
                     "4:47: 'map' must be OBJECT/INSTANCE"):
            self.assertSays(text, "devices.yaml:" + said)
        self.assertEqual(len(text.splitlines()), 6, text)
        text = self.check("devices: [{Endpoint: a, bus: sim, points: "
                          "[{name: t}]}]\n")
        self.assertEqual(len(text.splitlines()), 1, text)

    def test_device_without_a_name_is_shown_by_its_place(self):
        gateway = self.gateway(5683, sites.SIM + "  - {bus: sim}\n")
        wait_for(lambda: re.search(r"devices.yaml:\d+:5 .*refused",
                                   gateway.ctl("status").stdout),
                 "the refused device")

    def test_words_of_other_programs(self):
        text = self.check(self.lines("transport: rtu, port: /dev/ttyS0, "
                                     "baudrate: 9600, parity: E",
                                     more=", slave: 3, interval: 10s"))
        for word, key in (("baudrate", "serial"), ("parity", "serial"),
                          ("slave", "unit"), ("interval", "poll")):
            self.assertSays(text, f"unknown key '{word}'",
                            f"did you mean '{key}'?")

    def test_values_of_manuals(self):
        for key, word, value in (
                ("table", "hr", "holding"), ("table", "3", "holding"),
                ("type", "REAL", "float32"), ("type", "word", "uint16"),
                ("order", "little-endian", "DCBA")):
            text = self.check(
                sites.bus(502) + "devices:\n  - endpoint: a\n    bus: plant\n"
                "    unit: 1\n    points: [{name: p, address: 1, "
                f"{key}: {word}, map: 3303/0}}]\n")
            self.assertSays(text, f"'{key}' must be ", f"not '{word}'; did "
                            f"you mean '{value}'?")

    def test_a_range_has_a_dash(self):
        text = self.check(
            sites.bus(502) + 'devices: [{endpoint: "a-${unit}", bus: plant, '
            "unit: 1..3, points: [{name: p, address: 1}]}]\n")
        self.assertSays(text, "'unit': '1..3' is no number or range, as 7 or "
                        "1,2,5-18")

    def test_profile_without_its_vendor(self):
        text = self.check("devices: [{endpoint: a, bus: sim, "
                          "profile: SDM120}]\n")
        self.assertSays(text, "did you mean 'eastron/sdm120'?")

    def test_missing_name_of_a_point(self):
        text = self.check("devices: [{endpoint: a, bus: sim, "
                          "points: [{nam: t, map: 3303/0}]}]\n")
        self.assertSays(text, "devices.yaml:1:45: a point needs the key "
                        "'name', which may be meant by 'nam'")

    def test_missing_blank_behind_a_colon(self):
        text = self.check("devices: [{endpoint:a, bus:sim}]\n")
        for key, word in (("endpoint", "endpoint:a"), ("bus", "bus:sim")):
            self.assertSays(text, f"needs the key '{key}', a blank is missing "
                            f"after the colon of '{word}'")
        for text in ("devices: [endpoint:a]\n", "devices:\n  - bus:sim\n",
                     "devices: [{endpoint: a, bus: sim, points: [name:t]}]\n",
                     "devices: endpoint:a\n"):
            self.assertSays(self.check(text), "devices.yaml:", "must be a ",
                            "(a blank is missing after the colon)")
        self.assertNotIn("blank", self.check("devices: [coap://a]\n"))

    def test_missing_profile(self):
        text = self.check("devices: [{endpoint: a, bus: sim, "
                          "profile: acme/nothing}]")
        self.assertSays(text, "devices.yaml:1:", "no profile 'acme/nothing' "
                        "in /", "/profiles and /", "lwmuxctl profiles")

    def test_profile_of_another_adapter_is_one_line(self):
        text = self.check("devices: [{endpoint: a, bus: sim, "
                          "profile: eastron/sdm120}]\n")
        self.assertEqual(len(text.splitlines()), 1, text)
        self.assertSays(text, "devices.yaml:1:44:", "for the adapter modbus, "
                        "the bus 'sim' is of sim")

    def test_unit_that_the_senml_registry_writes_otherwise(self):
        for unit, senml in (("degC", "Cel"), ("\u00b0C", "Cel"),
                            ("KWh", "kWh"), ("m\u00b3", "m3")):
            text = self.check(
                "devices: [{endpoint: a, bus: sim, points: [{name: t, "
                f"unit: {unit}, map: 3300/0}}]}}]\n", 0)
            self.assertSays(text, "devices.yaml:1:60: warning: ",
                            f"'{unit}' is '{senml}' in the SenML registry")
        for unit, said in (("C", "coulomb"), ("F", "scale: 0.5556")):
            for path, there in (("3303/0", True), ("3300/0", False)):
                text = self.check(
                    "devices: [{endpoint: a, bus: sim, points: [{name: t, "
                    f"unit: {unit}, map: {path}}}]}}]\n", 0)
                self.assertEqual(said in text, there, text)
        for unit in ("Cel", "kWh", "furlong"):
            text = self.check(
                "devices: [{endpoint: a, bus: sim, points: [{name: t, "
                f"unit: {unit}, map: 3300/0}}]}}]\n", 0)
            self.assertNotIn("warning", text)

    def test_unit_of_what_an_adapter_tells(self):
        for keys, wrong in (("unit: hPa", True), ("unit: Pa", False),
                            ("unit: hPa, scale: 0.01", False)):
            text = self.check(
                "devices: [{endpoint: a, bus: ble, address: "
                '"C0:11:22:33:44:55", points: [{name: p, field: pressure, '
                f"{keys}, map: 3315/0}}]}}]\n", int(wrong))
            self.assertEqual("'unit': the values are in Pa; in hPa they are "
                             "with a scale only" in text, wrong, text)

    def test_unit_of_one_resource(self):
        """It fills 5701, or --check says that nobody will see it."""
        points = ("devices:\n  - endpoint: a\n    bus: sim\n    points:\n"
                  "      - {name: now, map: 3303/0, unit: Cel}\n"
                  "      - {name: set, map: PATH, unit: UNIT}\n")
        for path, unit, said in (
                ("3308/0/5900", "Cel", None), ("3305/0/5800", "W", None),
                ("3303/0/5601", "Cel", None),
                ("3305/0/5800", "kW", "is in W for every server, not in kW"),
                ("3303/0/5601", "K", "one 5701 for all of it, and that says "
                 "Cel, for the point 'now'"),
                ("4/0/2", "dBm", "object 4 (Connectivity Monitoring) has no "
                 "resource 5701")):
            with self.subTest(path=path, unit=unit):
                text = self.check(points.replace("PATH", path)
                                  .replace("UNIT", unit), 0)
                if said:
                    self.assertSays(text, "devices.yaml:6:", "warning: 'unit': ",
                                    said)
                else:
                    self.assertNotIn("warning", text)

    def test_unit_and_use_of_one_resource_are_there(self):
        text = self.gateway(5683, """\
devices:
  - endpoint: a
    bus: sim
    points:
      - {name: set, map: 3308/0/5900, unit: Cel, application: hall}
      - {name: now, map: 3308/1/5900, unit: Cel}
      - {name: x, map: 3313/0/5702}
      - {name: y, map: 3313/0/5703, application: motor}
""", start=False).once("--dry-run").stdout
        for line in ("/3308/0/5701", "/3308/1/5701"):
            self.assertRegex(text, f"{line} .*Cel")
        self.assertRegex(text, "/3308/0/5750 .*hall")
        self.assertRegex(text, "/3308/1/5750 .*now")
        self.assertRegex(text, "/3313/0/5750 .*motor")

    def test_what_we_write_ourselves_is_within_the_limits(self):
        text = self.check("""\
devices:
  - endpoint: a
    bus: gpio
    points:
      - {name: p, line: X, map: 3306/0, writable: true, range: [0.5, 1], initial: off}
      - {name: q, line: Y, map: 3306/1, writable: true, range: [0.5, 1], initial: on, safe: 1}
      - {name: e, line: Y, part: edge, map: 3308/3, writable: true, safe: 5}
      - {name: f, line: Z, map: 3306/2, writable: true, range: [0.5, 1], safe: 0}
""")
        self.assertEqual(len(text.splitlines()), 3, text)
        self.assertSays(text, "devices.yaml:5:83: 'initial': that is 0",
                        "0.5 to 1")
        self.assertSays(text, "devices.yaml:7:75: 'safe': 5 cannot be written")
        self.assertSays(text, "devices.yaml:8:80: 'safe': 0 is not in")

    def test_unknown_adapter(self):
        text = self.check("buses: {x: {adapter: carrier-pigeon}}\n"
                          "devices: [{endpoint: a, bus: x, points: "
                          "[{name: t, map: 3303/0}]}]")
        self.assertSays(text, "devices.yaml:1:", "carrier-pigeon")

    def test_unknown_bus(self):
        text = self.check(sites.SIM.replace("bus: sim", "bus: sin"))
        self.assertSays(text, "devices.yaml:3:", "sin")

    def test_unknown_object(self):
        text = self.check(sites.SIM.replace("3303/0", "33003/0"))
        self.assertSays(text, "devices.yaml:9:", "33003")

    def test_wrong_server_uri(self):
        text = self.check(sites.SIM, **{
            "lwmux.yaml": "gateway: {name: x}\n"
                          "servers: [{id: 1, uri: 'http://x'}]\n"})
        self.assertSays(text, "lwmux.yaml:2:", "http://x")

    KEYED = ("devices:\n  - endpoint: cold-room\n    bus: ble\n"
             "    address: 'A4:C1:38:00:11:22'\n"
             "    bindkey_file: keys/cold\n"
             "    points: [{name: t, field: temperature, map: 3303/0}]\n")

    LAYOUTS = ("devices:\n  - endpoint: motion\n    bus: ble\n"
               "    address: 'A4:C1:38:00:11:22'\n    decode: profile\n"
               "    layouts: ['dark: service fdcd starts 4812',\n"
               "              'light: service fdcd starts 0812']\n"
               "    points:\n      - {name: m, at: 10, type: bool, "
               "layout: %s, map: 3302/0}\n")

    def test_layouts_of_an_advertisement(self):
        self.check(self.LAYOUTS % "dark", 0)
        self.assertSays(self.check(self.LAYOUTS % "bright"),
                        "devices.yaml:9:", "'layout'", "bright")

    def test_unreadable_key_file(self):
        self.assertSays(self.check(self.KEYED), "devices.yaml:5:19:",
                        "keys/cold cannot be read: No such file")

    def test_key_file_that_others_may_read(self):
        gateway = self.gateway(5683, self.KEYED, start=False,
                               **{"keys/cold": "00" * 16 + "\n"})
        key = gateway.etc / "keys/cold"
        key.chmod(0o644)
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 1)
        self.assertSays(result.stdout + result.stderr, "devices.yaml:5:19:",
                        "can be read by others: chmod 600")
        key.chmod(0o600)
        self.assertEqual(gateway.once("--check").returncode, 0)

    SECURE = ("gateway: {name: x}\n"
              "servers: [{id: 1, uri: 'coaps://127.0.0.1', security: psk, "
              "key_file: 'keys/${endpoint}'}]\n")

    def test_keys_of_endpoints(self):
        keys = {f"keys/{name}": "00" * 16 + "\n"
                for name in re.findall(r"endpoint: (\S+)", sites.SIM)}
        name = next(iter(keys))
        gateway = self.gateway(5683, sites.SIM, start=False,
                               **{"lwmux.yaml": self.SECURE}, **keys)
        for key in keys:
            (gateway.etc / key).chmod(0o600)
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 0, result.stderr)
        key = gateway.etc / name
        key.chmod(0o604)
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 1)
        self.assertSays(result.stderr, "lwmux.yaml:2:70: ",
                        f"coaps://127.0.0.1: {name}",
                        "can be read by others: chmod 600")
        key.unlink()
        self.assertSays(gateway.once("--check").stderr, name,
                        "No such file")

    def test_key_that_can_be_guessed_is_a_warning(self):
        names = re.findall(r"endpoint: (\S+)", sites.SIM)
        gateway = self.gateway(
            5683, sites.SIM, start=False, **{"lwmux.yaml": self.SECURE},
            **{f"keys/{name}": "\ufeffa1\r\n" for name in names})
        for name in names:
            (gateway.etc / "keys" / name).chmod(0o600)
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertSays(result.stderr, "lwmux.yaml:2:70: warning: ",
                        f"keys/{names[0]} has 1 byte", "keygen")

    def test_place_of_each_file_of_a_certificate(self):
        secure = ("gateway: {http: 0.0.0.0:80, http_token_file: token}\n"
                  "servers:\n"
                  "  - id: 1\n"
                  "    uri: coaps://127.0.0.1\n"
                  "    security: x509\n"
                  "    cert_file: ${endpoint}.pem\n"
                  "    private_key_file: ${endpoint}.key\n"
                  "    trust_file: ca.pem\n")
        gateway = self.gateway(5683, sites.SIM, start=False,
                               **{"lwmux.yaml": secure})
        name = re.search(r"endpoint: (\S+)", sites.SIM)[1]
        token = gateway.etc / "token"
        files = ((1, "token", 46), (7, name + ".key", 23),
                 (6, name + ".pem", 16), (8, "ca.pem", 17))
        for i, (_, missing, _) in enumerate(files):
            text = gateway.once("--check").stderr
            for line, other, at in files[i:]:   # all that are still missing
                self.assertSays(text, f"lwmux.yaml:{line}:{at}: ",
                                f"{other} cannot be read")
            (gateway.etc / missing).write_text("x" * 24)
            (gateway.etc / missing).chmod(0o600)
        self.assertTrue(token.exists())

    def test_security_without_a_key(self):
        text = self.check(sites.SIM, **{
            "lwmux.yaml": "gateway: {name: x}\n"
                          "servers: [{id: 1, uri: 'coaps://127.0.0.1', "
                          "security: psk}]\n"})
        self.assertSays(text, "lwmux.yaml:2:",
                        "'key_file' or 'credential' is missing")

    def test_unreadable_file_of_a_simulated_signal(self):
        text = self.check(sites.SIM.replace(
            "signal: constant, value: 21.5",
            "signal: csv, file: /nowhere/none.csv"))
        self.assertSays(text, "devices.yaml:9:", "/nowhere/none.csv")

    def test_templates_without_quotes_in_braces(self):
        text = self.check("devices: [{endpoint: m-${unit}, bus: sim}]\n")
        self.assertSays(text, "devices.yaml:1:", "quotes")

    def test_point_written_without_permission(self):
        text = self.check(sites.SIM.replace(
            "signal: constant, value: 21.5, map",
            "signal: sine, writable: true, map"))
        self.assertSays(text, "devices.yaml:9:", "writable")

    def test_a_mistyped_point_hides_no_other(self):
        """What only the adapter knows to be wrong is told beside it."""
        text = self.check("""\
            devices:
              - endpoint: meter
                bus: {adapter: modbus, transport: tcp, host: plc}
                unit: 1
                points:
                  - {name: a, address: 1, colour: red, map: 3303/0}
                  - {name: c, address: 70000, map: 3303/2}
                  - {name: d, register: 7, map: 3303/3}
            """)
        for said in ("devices.yaml:6:31: unknown key 'colour' of a modbus "
                     "point", "devices.yaml:7:28: 'address': 70000 is none: 0 "
                     "to 65535 are", "unknown key 'register' of a modbus "
                     "point; did you mean 'address'?"):
            self.assertSays(text, said)

    def test_all_mistakes_at_once(self):
        text = self.check(sites.SIM.replace("poll:", "pol:")
                          .replace("signal:", "signl:"))
        self.assertSays(text, "devices.yaml:4:5:", "pol")
        self.assertSays(text, "devices.yaml:9:", "signl")

    def test_what_is_fine_is_counted(self):
        gateway = self.gateway(1, "devices:\n" + "".join(
            f"  - {{endpoint: {name}, bus: sim, points: [{{name: p, "
            f"map: 3303/0, signal: sine}}]}}\n" for name in "ab"), start=False)
        result = gateway.once("--check")
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.stdout,
                         "fine: 1 server, 2 devices, 1 bus\n")
        self.assertEqual(result.returncode, 0)

    def test_shipped_files(self):
        """What a fresh installation has is fine, and each example beside it;
        the main file may be left as it came where a site has its own."""
        gateway = self.gateway(1, sites.SIM, start=False)
        (gateway.etc / "objects.d").symlink_to(ROOT / "etc/objects.d")
        (gateway.etc / "conf.d/devices.yaml").unlink()
        for name in ("lwmux.yaml", "conf.d/demo.yaml"):
            gateway.write(name, (ROOT / "etc" / name).read_text())
        self.assertIn("fine: 1 server, 1 device, 1 bus",
                      gateway.once("--check").stdout)
        examples = sorted((ROOT / "etc/conf.d").glob("*.example"))
        self.assertGreater(len(examples), 3)
        for example in examples:
            gateway.write("conf.d/example.yaml", example.read_text())
            with self.subTest(example.name):
                result = gateway.once("--check")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
        gateway.write("conf.d/example.yaml", "servers: []\n")
        self.assertIn("'servers' is there already: conf.d/demo.yaml:7:1",
                      gateway.once("--check").stderr)

    def test_missing_configuration(self):
        gateway = self.gateway(1, sites.SIM, start=False)
        (gateway.etc / "lwmux.yaml").unlink()
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("lwmux.yaml", result.stdout + result.stderr)

    def test_wrong_option_is_explained(self):
        gateway = self.gateway(1, sites.SIM, start=False)
        result = gateway.once("--chek")
        self.assertNotIn(result.returncode, (0, 1))
        self.assertIn("lwmuxd: unknown option '--chek'; did you mean "
                      "'--check'?\nusage:", result.stderr)

    def test_configuration_that_is_no_directory(self):
        for name, why in (("nosuch", "No such file or directory"),
                          ("lwmux.yaml", "Not a directory")):
            gateway = self.gateway(1, sites.SIM, start=False)
            gateway.etc /= name
            result = gateway.once("--check")
            self.assertEqual(result.returncode, 1)
            self.assertEqual(
                result.stderr, f"lwmuxd: --config {gateway.etc}: {why}; the "
                "directory with lwmux.yaml in it is meant\n")

    def test_a_pipe_is_no_file_of_the_configuration(self):
        """It looks like an empty one."""
        gateway = self.gateway(1, sites.SIM, start=False)
        os.mkfifo(gateway.etc / "conf.d/pipe.yaml")
        result = gateway.once("--check")
        self.assertEqual((result.returncode, result.stderr), (
            1, "conf.d/pipe.yaml: cannot be read: it is a pipe, a socket or a "
            "device\n"))

    def test_options_that_would_be_passed_over_are_refused(self):
        program = binary("agent/lwmuxd")
        for words, said in (
                (("--check", "--dry-run"), "only one of --check, --dry-run, "
                                           "--keys and --schema"),
                (("--keys", "-c", "/tmp"), "--keys takes no other option than "
                                           "--adapters"),
                (("--schema", "-v"), "--schema takes no other option than "
                                     "--adapters")):
            result = subprocess.run([program, *words], text=True,
                                    capture_output=True)
            self.assertEqual((result.returncode, result.stdout,
                              result.stderr), (2, "", f"lwmuxd: {said}\n"))

    def test_daemon_does_not_start_with_a_wrong_main_file(self):
        gateway = self.gateway(1, sites.SIM, start=False)
        gateway.write("lwmux.yaml", "gateway: {nam: x}\n")
        result = gateway.once()
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("lwmux.yaml:1:", result.stderr)

    def test_dry_run_prints_trees_and_registers_nowhere(self):
        slave = self.slave("1=boiler")
        server = self.server()
        gateway = self.gateway(server.port, sites.boiler(slave.port),
                               start=False)
        result = gateway.once("--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("/3308/0/5900", result.stdout)
        self.assertIn("55", result.stdout)
        self.assertEqual(slave.writes(), [])
        self.assertEqual([e for e in server.events()
                          if e["event"] != "ready"], [])
