# SPDX-License-Identifier: GPL-2.0-or-later
"""lwmuxd with slaves that are not of ours: pymodbus, and modbus-serial of
Node.js, over TCP and over a pseudo-terminal; SunSpec maps by pysunspec2."""
import json
import math
import pathlib
import shutil
import sys

import harness
import tools

HERE = pathlib.Path(__file__).resolve().parent / "modbus"
DEVICE = """\
devices:
  - endpoint: slave
    bus: line
    unit: 1
    poll: 200ms
    points:
      - {name: a, address: 100, map: 3300/0}
      - {name: b, address: 101, map: 3308/0/5900, writable: true, unit: Cel}
      - {name: c, address: 120, type: uint32, map: 3300/1}
      - {name: d, table: input, address: 7, map: 3300/2}
      - {name: e, table: discrete, address: 5, map: 3200/0}
      - {name: f, table: coil, address: 3, map: 3306/0, writable: true}
"""
VALUES = {"/3300/0/5700": 1100, "/3308/0/5900": 1101,
          "/3300/1/5700": 1120 << 16 | 1121, "/3300/2/5700": 2007}


def node_slave():
    tools.need("node", "npm")

    def command(directory):
        shutil.copy(HERE / "package.json", directory)
        return ["npm", "install", "--no-audit", "--no-fund",
                "--loglevel=error"]
    where = tools.install("modbus-serial", HERE / "package.json", command)
    return ["env", f"NODE_PATH={where}/node_modules", "node",
            str(HERE / "slave.js")]


def python_slave(script="slave.py"):
    recipe = HERE / "requirements.txt"

    def command(directory):
        return ["sh", "-c", f"'{sys.executable}' -m venv '{directory}/v' && "
                f"'{directory}/v/bin/python' -m pip -q install -r '{recipe}'"]
    where = tools.install("pymodbus", recipe, command)
    return [str(where / "v/bin/python"), str(HERE / script)]


class Slaves:
    """What holds with each of them."""

    def start(self, kind):
        try:
            slave = type(self).slave_command()
        except tools.Unavailable as why:
            self.skipTest(str(why))
        if kind == "tcp":
            where = str(harness.free_port())
            keys = f"transport: tcp, host: 127.0.0.1, tcp_port: {where}"
        else:
            line = self.add(harness.SerialLine())
            where = line.ports[1]
            keys = f"transport: rtu, port: {line.ports[0]}, serial: 19200 8N1"
        self.add(tools.Driver([*slave, kind, where], "slave"))
        server = self.server()
        self.gateway(server.port, "buses:\n  line: {adapter: modbus, " + keys +
                     "}\n" + DEVICE)
        server.registered("slave")
        return server

    def holds(self, kind):
        server = self.start(kind)
        for path, value in VALUES.items():
            server.wait_value("slave", path, value)
        self.assertEqual(server.value("slave", "/3200/0/5500"), True)
        self.assertEqual(server.value("slave", "/3306/0/5850"), False)
        self.assertEqual(server.code("write", "slave", "/3308/0/5900",
                                     text=77), "2.04")
        server.wait_value("slave", "/3308/0/5900", 77)
        self.assertEqual(server.code("write", "slave", "/3306/0/5850",
                                     text=1), "2.04")
        server.wait_value("slave", "/3306/0/5850", True)

    def test_values_and_writes_over_tcp(self):
        self.holds("tcp")

    def test_values_and_writes_on_a_line(self):
        self.holds("rtu")


class Pymodbus(Slaves, harness.Site):
    server_name = "pymodbus 3.16.1"
    slave_command = staticmethod(python_slave)


class ModbusSerial(Slaves, harness.Site):
    server_name = "modbus-serial 8"
    slave_command = staticmethod(node_slave)


class SunSpec(harness.Site):
    """Each field of each model that lwmux knows, wherever the map is."""
    server_name = "pysunspec2 1.3.7"

    def device(self, unit, values):
        """Strings and numbers to resources of their kind, in their order."""
        text = (f"  - endpoint: unit-{unit}\n    bus: line\n"
                f"    unit: {unit}\n    poll: 1s\n    points:\n")
        for i, (model, field, block, value) in enumerate(values):
            path = f"3341/{i}/5527" if isinstance(value, str) else f"3300/{i}"
            text += (f"      - {{name: p{i}, model: {model}, field: {field}, "
                     f"block: {block}, map: {path}}}\n")
        return text

    def slave_at(self, base):
        port = harness.free_port()
        try:
            command = python_slave("sunspec_slave.py")
        except tools.Unavailable as why:
            self.skipTest(str(why))
        return port, self.add(tools.Driver([*command, str(port), str(base)],
                                           "sunspec"))

    def holds(self, base):
        port, slave = self.slave_at(base)
        server = self.server()
        units = slave.ready["units"]
        gateway = self.gateway(server.port, (
            "buses:\n  line: {adapter: modbus, transport: tcp, host: 127.0.0.1,"
            f" tcp_port: {port}}}\ndevices:\n" +
            "".join(self.device(n, values) for n, values in units.items())))
        for unit, values in units.items():
            server.registered(f"unit-{unit}")
            read = {r["path"]: r for r in json.loads(gateway.ctl(
                "--json", "read", f"unit-{unit}").stdout)["resources"]}
            for i, (model, field, block, value) in enumerate(values):
                path = (f"/3341/{i}/5527" if isinstance(value, str) else
                        f"/3300/{i}/5700")
                with self.subTest(model=model, field=field, block=block):
                    self.is_value(read[path], value)

    def is_value(self, got, value):
        if value is None:
            self.assertNotEqual(got["quality"], "good", got)
        elif isinstance(value, str):
            self.assertEqual(got["value"], value)
        else:
            self.assertTrue(math.isclose(float(got["value"]), value,
                                         rel_tol=1e-12), (got, value))

    def test_all_models_at_40000(self):
        self.holds(40000)

    def test_all_models_at_50000(self):
        self.holds(50000)

    def test_all_models_at_0(self):
        self.holds(0)

    def test_scan_recognises_inverters_and_meters(self):
        port, slave = self.slave_at(40000)
        gateway = self.gateway(self.server().port, "buses: {}\n")
        harness.wait_for(lambda: gateway.ctl("status").returncode == 0,
                         "an answer")
        text = gateway.ctl("scan", f"127.0.0.1:{port}", "1-16", "names=no",
                           "timeout=2s").stdout
        for unit, values in slave.ready["units"].items():
            model = values[-1][0]
            profile = ("sunspec/inverter" if model < 114 else
                       "sunspec/meter" if 200 < model < 215 else "profile:")
            said = "".join(l + "\n" for l in text.splitlines()
                           if l.startswith(f"unit: {unit} "))
            with self.subTest(model=model):
                self.assertIn(f"SunSpec map at 40000: models 1, {model}", said)
                self.assertEqual(said.count("profile: " + profile),
                                 int(profile != "profile:"), said)
                self.assertEqual(said.count("profile: "),
                                 int(profile != "profile:"), said)
