# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxctl scan, probe, write and metrics."""
import json
import pathlib
import re
import socketserver
import struct
import subprocess
import threading
import time

import yaml

import sites
import wired
from harness import SerialLine, Site, SharedSite, binary, wait_for

SETPOINT = "/3308/0/5900"
SENSOR = """\
devices:
  - {endpoint: blu, bus: ble, address: "A4:C1:38:00:00:01",
     points: [{name: warm, field: temperature, map: 3303/0}]}
"""


class Flat(socketserver.BaseRequestHandler):
    """A Modbus TCP device that has every cell of all tables in every unit:
    server.value(unit, address) says what it holds."""

    def handle(self):
        file = self.request.makefile("rb")
        while len(head := file.read(8)) == 8:
            ident, _, length, unit, function = struct.unpack(">HHHBB", head)
            pdu = self.answer(unit, function, file.read(length - 2))
            self.request.sendall(struct.pack(">HHHB", ident, 0, 1 + len(pdu),
                                             unit) + pdu)

    def answer(self, unit, function, rest):
        if function not in (1, 2, 3, 4):
            return bytes((function | 0x80, 1))
        address, count = struct.unpack(">HH", rest)
        values = [self.server.value(unit, address + i) & 0xFFFF
                  for i in range(count)]
        if function < 3:
            bits = sum(bool(v) << i for i, v in enumerate(values))
            data = bits.to_bytes((count + 7) // 8, "little")
        else:
            data = struct.pack(f">{count}H", *values)
        return bytes((function, len(data))) + data


class FlatServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    value = None

    def stop(self):
        self.shutdown()
        self.server_close()


class Search(SharedSite):
    """Units 1 (a boiler, configured), 2 (plain), 5 (an SDM120);
    7 (an XY-MD02) and 8 (a relay board) are beyond what scan() asks."""

    @classmethod
    def build(cls, site):
        cls.slave = site.slave("1=boiler", "2=plain", "5=sdm120",
                               "7=xy-md02", "8=relay8")
        cls.server = site.server()
        cls.gateway = site.gateway(cls.server.port,
                                   sites.boiler(cls.slave.port))
        cls.server.registered("boiler")

    def ctl(self, *words, code=0):
        result = self.gateway.ctl(*words)
        self.assertEqual(result.returncode, code,
                         result.stdout + result.stderr)
        return result

    def scan(self, *words, code=0):
        return self.ctl("scan", "plant", "from=1", "to=6", "timeout=300ms",
                        *words, code=code)

    def line_of(self, text, *words):
        found = [l for l in text.splitlines() if all(w in l for w in words)]
        self.assertEqual(len(found), 1, f"{words} in\n{text}")
        return found[0]

    def test_scan_tells_who_answers(self):
        text = self.scan().stdout
        self.assertEqual(re.findall(r"^unit: (\d+)\b", text, re.M),
                         ["1", "2", "5"])

    def test_scan_recognises_a_profile(self):
        text = self.scan().stdout
        self.assertIn("eastron/sdm120", self.line_of(text, "unit: 5"))
        for unit in ("unit: 1", "unit: 2"):
            self.assertNotIn("sdm120", self.line_of(text, unit))

    def test_scan_recognises_by_several_conditions(self):
        text = self.ctl("scan", "plant", "from=7", "to=8",
                        "timeout=1s").stdout
        for unit, profile in (("unit: 7", "generic/xy-md02"),
                              ("unit: 8", "waveshare/modbus-relay8")):
            self.assertIn(profile, self.line_of(text, unit))

    def test_scan_recognises_no_plain_device(self):
        line = self.line_of(self.scan().stdout, "unit: 2")
        self.assertIn("no profile fits", line)

    def test_scan_knows_what_is_configured(self):
        text = self.scan().stdout
        self.assertIn("configured as boiler", self.line_of(text, "unit: 1"))
        self.assertEqual(text.count("configured as"), 1)

    def test_scan_as_json_is_a_line_each(self):
        lines = [json.loads(l) for l in self.scan("--json").stdout.split("\n")
                 if l]
        self.assertEqual(lines[-1]["done"], True)
        meter = [l["found"] for l in lines[:-1]
                 if l.get("found", {}).get("profile") == "eastron/sdm120"]
        self.assertEqual([(m["keys"], m["of"], m["value"]) for m in meter],
                         [("unit: 5", "device", "32")])

    def test_adopted_snippet_makes_a_device(self):
        text = self.scan("--adopt").stdout
        self.line_of(text, "- {endpoint: plant-5, bus: plant, unit: 5, "
                           "profile: eastron/sdm120}")
        self.assertTrue(self.line_of(text, "unit: 1").lstrip()
                        .startswith("#"))
        gateway = self.gateway
        gateway.write("conf.d/adopted.yaml", text)
        try:
            self.ctl("check")
        finally:
            (gateway.etc / "conf.d/adopted.yaml").unlink()

    def test_probe_shows_what_registers_could_mean(self):
        text = self.ctl("probe", "plant", "unit=5", "table=input",
                        "address=0", "count=2").stdout
        line = self.line_of(text, "type: float32", "order: ABCD")
        self.assertIn("table: input, address: 0, ", line)
        volts = float(line.split()[-1])
        self.assertTrue(226 <= volts <= 234, line)
        # float32 has no line where these bits are no number
        self.line_of(text, "type: int32", "order: CDAB")
        self.line_of(text, "address: 1", "type: uint16", "order: ABCD")

    def test_probe_tells_an_exception(self):
        text = self.ctl("probe", "plant", "unit=1", "table=input",
                        "address=9000", code=1).stdout
        self.assertIn("exception 2", text)
        self.assertIn("address_base: 1", text)
        self.assertIn("refuses", self.ctl("probe", "plant", "unit=1",
                                          "table=input", "address=9000",
                                          code=1).stderr)

    def test_probe_of_a_silent_unit_fails(self):
        result = self.ctl("probe", "plant", "unit=77", "timeout=100ms", code=1)
        self.assertIn("the device does not answer", result.stderr)

    def test_wrong_searches_are_refused(self):
        for words, code, said in (
                (("scan", "plant", "frm=1"), 1, "did you mean 'from'"),
                (("scan", "plant", "from=256"), 1, "from"),
                (("scan", "plant", "from"), 3, "KEY=VALUE"),
                (("scan", "plamt"), 1, "did you mean 'plant'"),
                (("scan", "modbus"), 1, "declare"),
                (("scan", "plant", "--for", "10"), 1, "10s"),
                (("probe", "plant", "table=inpt"), 1, "input")):
            with self.subTest(words=words):
                result = self.ctl(*words, code=code)
                self.assertIn(said, result.stderr)

    def test_polls_go_on_beside_a_scan(self):
        scan = self.begin_endless_scan()
        try:
            self.slave.do("set 1 holding 100 333")
            self.server.wait_value("boiler", "/3303/0/5700", 33.3)
            self.slave.do("set 1 holding 100 444")
            self.server.wait_value("boiler", "/3303/0/5700", 44.4)
            self.assertIsNone(scan.poll())
        finally:
            self.end_scan(scan)

    def test_second_scan_is_busy_until_the_first_hangs_up(self):
        scan = self.begin_endless_scan()
        try:
            result = self.scan(code=1)
            self.assertIn("under way", result.stderr)
        finally:
            self.end_scan(scan)
        self.wait_free()

    def begin_endless_scan(self):
        scan = subprocess.Popen(
            [binary("agent/lwmuxctl"), "--run", self.gateway.run, "scan",
             "plant", "timeout=300ms"], text=True, stdout=subprocess.PIPE)
        self.assertIn("unit: 1", scan.stdout.readline())
        return scan

    def end_scan(self, scan):
        scan.kill()
        scan.wait()
        scan.stdout.close()
        self.wait_free()

    def wait_free(self):
        wait_for(lambda: self.gateway.ctl("scan", "plant", "to=1")
                 .returncode == 0, "the search is given up")

    def test_scan_ends_in_its_time(self):
        begin = time.monotonic()
        self.ctl("scan", "plant", "--for", "500ms")
        # All 247 units take more than a minute.
        self.assertLess(time.monotonic() - begin, 30)

    def test_write_reaches_the_device(self):
        self.ctl("write", "boiler", SETPOINT, "42.5")
        self.assertEqual(self.slave.get(1, "holding", 101), 425)
        # It was read back before it was called done.
        self.assertIn("42.5", self.ctl("read", "boiler", SETPOINT).stdout)

    def test_write_takes_on_and_off(self):
        for word, value in (("on", 1), ("off", 0), ("true", 1), ("0", 0)):
            with self.subTest(word=word):
                self.ctl("write", "boiler", "/3306/0/5850", word)
                self.assertEqual(self.slave.get(1, "coil", 3), value)

    def test_write_of_what_is_held_is_held(self):
        self.ctl("write", "boiler", "/3303/0/5750", "by hand")
        self.assertEqual(self.server.value("boiler", "/3303/0/5750"),
                         "by hand")

    def test_writes_are_checked(self):
        for words, said, code in (
                (("boiler", SETPOINT, "91"), "4.00", 1),
                (("boiler", SETPOINT, "warm"),
                 "4.00: wanted is a number, not 'warm'", 1),
                (("--", "boiler", SETPOINT, "-5"), "4.00", 1),
                (("boiler", "/3303/0/5700", "1"),
                 "4.05: the resource is read-only", 1),
                (("boiler", "/3/0/4", "1"),
                 "4.05: the resource is executed, not written", 1),
                (("boiler", "/3399/0/5700", "1"), "4.04", 1),
                (("boiler", "/0/0/0", "1"), "4.01", 1),
                (("nobody", SETPOINT, "1"), "no such endpoint", 4)):
            with self.subTest(words=words):
                before = self.slave.get(1, "holding", 101)
                result = self.ctl("write", *words, code=code)
                self.assertIn(said, result.stderr)
                self.assertEqual(self.slave.get(1, "holding", 101), before)

    def test_what_a_scan_has_seen_is_in_the_status(self):
        self.ctl("scan", "plant", "from=1", "to=3")
        found = self.gateway.status()["found"]
        self.assertTrue(found)
        for one in found:
            self.assertEqual((one["bus"], one["of"]), ("plant", "device"))
            self.assertNotIn("configured", one)
            self.assertTrue(0 <= one["age"] < 60)
        self.ctl("scan", "plant", "from=9", "to=9")
        self.assertEqual(self.gateway.status()["found"], [])

    def test_metrics(self):
        text = self.ctl("metrics").stdout
        for line in ('lwmux_endpoints{state="online"} 1',
                     'lwmux_registrations{server="1",state="registered"} 1',
                     'lwmux_bus_up{bus="plant",adapter="modbus"} 1',
                     'lwmux_bus_period_ratio{bus="plant"} 1.00'):
            self.assertIn(line + "\n", text)
        for name in ('lwmux_bus_events_total{bus="plant",event="exchanges"}',
                     'lwmux_coap_datagrams_total{event="sent"}',
                     "lwmux_uptime_seconds"):
            value = re.search("^" + re.escape(name) + r" (\S+)$", text, re.M)
            self.assertTrue(value, f"{name} in\n{text}")
            self.assertGreater(float(value[1]), 0)
        for line in text.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) lwmux_\w+ .+|"
                                   r'lwmux_\w+(\{(\w+="[^"]*",?)+\})? \S+)$')


class PlainControllers(SharedSite):
    """What is in all registers alike is no profile's device."""

    @classmethod
    def build(cls, site):
        cls.slave = site.slave("1=boiler")
        cls.server = site.server()
        cls.gateway = site.gateway(cls.server.port,
                                   sites.boiler(cls.slave.port))
        cls.server.registered("boiler")

    def flat(self, value):
        server = FlatServer(("127.0.0.1", 0), Flat)
        server.value = value
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.stop)
        return server.server_address[1]

    def unrecognised(self, value, units):
        result = self.gateway.ctl(
            "scan", "modbus", "transport=tcp", "host=127.0.0.1",
            f"tcp_port={self.flat(value)}", "from=0", f"to={units - 1}",
            "names=no")
        text = result.stdout + result.stderr
        self.assertEqual(result.returncode, 0, text)
        found = [l for l in text.splitlines() if l.startswith("unit: ")]
        self.assertEqual(len(found), units, text)
        for line in found:
            self.assertIn("no profile fits", line)

    def test_scan_recognises_none_with_its_unit_everywhere(self):
        self.unrecognised(lambda unit, _: unit, 256)    # 0, 1, 32, 87, ...

    def test_scan_recognises_none_with_one_number_everywhere(self):
        # 0x4248 twice is a float of 50
        numbers = (*range(256, 1000, 16), 0x4248, 0x4220, 0x7FFF, 0x8000,
                   0xFFFF)
        self.unrecognised(lambda unit, _: numbers[unit], len(numbers))

    def test_scan_recognises_none_that_counts_its_registers(self):
        self.unrecognised(lambda unit, address: address + unit, 3)


class Families(Site):
    """Each family that a profile knows by registers, and no other."""

    WORDS = {"float32": ">f", "uint32": ">I", "int32": ">i", "uint16": ">H",
             "int16": ">h"}

    def words(self, condition):
        low, high = condition["range"]
        kind = condition.get("type", "uint16")
        value = (low + high) / 2 if kind == "float32" else (low + high) // 2
        raw = struct.pack(self.WORDS[kind], value)
        words = struct.unpack(f">{len(raw) // 2}H", raw)
        return words[::-1] if condition.get("order") == "CDAB" else words

    def families(self):
        top = pathlib.Path(__file__).resolve().parents[2] / "etc/profiles"
        for file in sorted(top.glob("**/*.yaml")):
            profile = yaml.safe_load(file.read_text())
            known_by = profile.get("identify", [])
            if isinstance(known_by, dict):
                known_by = [known_by]
            if "modbus" in profile and known_by and not any(
                    "model" in c for c in known_by):
                yield (str(file.relative_to(top))[:-len(".yaml")],
                       [{**profile["modbus"], **c} for c in known_by])

    def test_each_family_is_recognised(self):
        families = list(self.families())
        self.assertGreater(len(families), 20)
        slave = self.slave(*(f"{unit}=empty" for unit in
                             range(1, len(families) + 1)))
        for unit, (_, known_by) in enumerate(families, 1):
            for condition in known_by:
                table = condition.get("table", "holding")
                at = condition["address"] - condition.get("address_base", 0)
                slave.do(f"set {unit} {table} {at} " + " ".join(
                    map(str, self.words(condition))))
        gateway = self.gateway(self.server().port, "buses: {}\n")
        wait_for(lambda: gateway.ctl("status").returncode == 0, "an answer")
        text = gateway.ctl("scan", f"127.0.0.1:{slave.port}",
                           f"1-{len(families)}", "names=no").stdout
        for unit, (name, _) in enumerate(families, 1):
            lines = [l for l in text.splitlines()
                     if re.match(rf"unit: {unit}\b", l)]
            self.assertTrue(lines, name)
            for line in lines:
                self.assertTrue(line.endswith(f"profile: {name}"), line)


class BusOfItsOwn(Site):
    def start(self):
        server = self.server()
        gateway = self.gateway(server.port, "buses: {}\n")
        wait_for(lambda: gateway.ctl("status").returncode == 0, "an answer")
        return server, gateway

    def test_bus_that_no_device_names_is_run_for_the_scan(self):
        gateway = self.start()[1]
        result = gateway.ctl("scan", "gpio", "--for", "200ms")
        self.assertEqual(result.returncode, 0, result.stderr)
        wait_for(lambda: not gateway.status()["buses"], "the bus is closed")
        self.assertEqual(gateway.stop(), 0)

    def test_empty_scan_says_why(self):
        gateway = self.start()[1]
        host = self.slave_on("9=plain")[1]
        for words, code, said in (
                (("scan", "sim"), 1, "the adapter sim does not search"),
                (("probe", "gpio"), 1, "the adapter has no such search"),
                (("scan", host, "1-2", "timeout=10ms"), 0, "nobody answers"),
                (("scan", host, "1-2", "--for", "1ms"), 0, "--for")):
            with self.subTest(words=words):
                result = gateway.ctl(*words)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(said, result.stderr)
                self.assertEqual(result.stdout, "")

    def slave_on(self, *units):
        slave = self.slave(*units)
        return slave, f"127.0.0.1:{slave.port}"

    def test_host_that_nobody_declared_is_scanned(self):
        gateway = self.start()[1]
        host = self.slave_on("1=plain", "5=sdm120")[1]
        result = gateway.ctl("scan", host, "1-6", "timeout=500ms")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(re.findall(r"^unit: (\d+)\b", result.stdout, re.M),
                         ["1", "5"])
        self.assertIn("eastron/sdm120", result.stdout)
        wait_for(lambda: not gateway.status()["buses"], "the bus is closed")

    def test_scan_over_tcp_has_units_beyond_a_lines(self):
        gateway = self.start()[1]
        host = self.slave_on("0=plain", "247=plain", "255=plain")[1]
        # who answers in 10 ms depends on this machine, how many are asked not
        result = gateway.ctl("scan", "--json", host, "timeout=10ms",
                             "names=no")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({l["progress"]["of"] for l in
                          map(json.loads, result.stdout.splitlines())
                          if "progress" in l}, {256})
        for unit in ("0", "247", "255"):
            result = gateway.ctl("scan", host, unit, "names=no")
            self.assertRegex(result.stdout, f"^unit: {unit}\\b")

    def test_port_that_nobody_declared_is_scanned(self):
        gateway = self.start()[1]
        line = self.add(SerialLine())
        self.slave("3=plain", line=("--rtu", line.ports[1]))
        # a pseudo-terminal knows neither rate nor parity
        result = gateway.ctl("scan", line.ports[0], "--baud", "9600,19200",
                             "--parity", "N", "3", "timeout=500ms")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(re.findall(r"at (.*)", result.stderr),
                         ["9600 8N1", "19200 8N1"])
        self.assertEqual(len(re.findall("^unit: 3 .*answers", result.stdout,
                                        re.M)), 2)
        result = gateway.ctl("scan", "/dev/no-such-port", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/dev/no-such-port", result.stderr)

    def test_line_of_a_bus_is_scanned_by_the_bus(self):
        server, gateway = self.start()
        slave = self.slave("1=boiler")
        gateway.write("conf.d/devices.yaml", sites.boiler(slave.port))
        gateway.reload()
        server.registered("boiler")
        result = gateway.ctl("scan", f"127.0.0.1:{slave.port}", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the bus 'plant' is on this line", result.stderr)

    def test_progress_is_told(self):
        gateway = self.start()[1]
        host = self.slave_on("1=plain")[1]
        result = gateway.ctl("scan", "--json", host, "1-30", "timeout=100ms")
        lines = [json.loads(l) for l in result.stdout.splitlines()]
        told = [l["progress"] for l in lines if "progress" in l]
        self.assertTrue(told, result.stdout)
        self.assertEqual({p["of"] for p in told}, {30})
        self.assertEqual([p["done"] for p in told],
                         sorted(p["done"] for p in told))
        self.assertLess(told[0]["left"], 30)
        self.assertEqual(lines[-1], {"done": True, "format": 1})

    def test_adopt_shows_and_writes(self):
        server, gateway = self.start()
        host = self.slave_on("1=plain", "5=sdm120")[1]
        words = ("adopt", "-c", gateway.etc, "plant", host, "1-5",
                 "timeout=300ms")
        result = gateway.ctl(*words)
        self.assertIn("endpoint: plant-5, bus: plant, unit: 5, profile: "
                      "eastron/sdm120", result.stdout)
        self.assertIn("--yes", result.stderr)
        self.assertFalse((gateway.etc / "conf.d/plant.yaml").exists())
        result = gateway.ctl(*words, "--yes")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((gateway.etc / "conf.d/plant.yaml").read_text(),
                         result.stdout)
        gateway.reload()
        server.registered("plant-5")
        self.assertIn("is on this line", gateway.ctl(*words).stderr)
        result = gateway.ctl("adopt", "-c", gateway.etc, "--yes", "plant",
                             "plant", "1-5", "timeout=500ms")
        self.assertEqual(result.returncode, 1)
        self.assertIn("File exists", result.stderr)

    def test_adopt_wants_a_name_and_somebody(self):
        gateway = self.start()[1]
        host = self.slave_on("1=plain")[1]
        for words, code, said in (
                (("../x", host), 3, "no name for a file"),
                (("x", host, "9", "timeout=50ms"), 1, "nobody answers"),
                (("x", host, "1-"), 3, "nor a range")):
            result = gateway.ctl("adopt", "-c", gateway.etc, "--yes",
                                 *words)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(said, result.stderr)

    def test_end_of_the_daemon_ends_a_scan(self):
        gateway = self.start()[1]
        scan = subprocess.Popen(
            [binary("agent/lwmuxctl"), "--run", gateway.run, "scan",
             self.slave_on("9=plain")[1], "10-247", "timeout=1s", "--for",
             "5min"], text=True, stderr=subprocess.PIPE)
        wait_for(lambda: gateway.status()["buses"], "the bus is there")
        self.assertEqual(gateway.stop(), 0)
        scan.wait()
        self.assertEqual(scan.returncode, 1)
        self.assertTrue(scan.stderr.read())
        scan.stderr.close()

    def test_reload_keeps_a_bus_that_is_wanted_now(self):
        """One of an adapter that only listens: its search has no end."""
        radio, server = self.add(wired.Radio()), self.server()
        gateway = self.gateway(server.port, "buses: {}\n", start=False)
        gateway.adapters = wired.ADAPTERS
        gateway.environment.update(radio.environment)
        gateway.start()
        wait_for(lambda: gateway.ctl("status").returncode == 0, "an answer")
        scan = subprocess.Popen(
            [binary("agent/lwmuxctl"), "--run", gateway.run, "scan", "ble",
             "--for", "5min"])
        wait_for(lambda: gateway.status()["buses"], "the bus is there")
        gateway.write("conf.d/devices.yaml", SENSOR)
        gateway.reload()
        scan.kill()
        scan.wait()
        wait_for(lambda: gateway.ctl("scan", "ble", "--for", "1s")
                 .returncode == 0, "another scan")
        self.assertEqual([b["bus"] for b in gateway.status()["buses"]],
                         ["ble"])
        self.assertEqual("\n".join(gateway.log()).count("bus is open"), 1)
