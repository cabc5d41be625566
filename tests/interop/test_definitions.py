# SPDX-License-Identifier: GPL-2.0-or-later
"""The object definitions that OMA publishes, as Leshan's demonstration server
carries them (they come with the libraries of leshan/pom.xml): all are read, and
those of compiled objects agree with the tables of the gateway."""
import unittest
import xml.etree.ElementTree as tree
import zipfile

import harness
import leshan_server
import tools

JAR = "leshan-server-demo-2.0.0-M4.jar"
COMPILED = {*range(0, 8), 16, 19, 21, 25, *range(3200, 3351)}
NUMBERS = ("Integer", "Unsigned Integer", "Float", "Boolean", "Time")
MAIN = "servers: [{id: 1, uri: 'coap://127.0.0.1:5683'}]\n"


def version(definition):
    text = definition.findtext("ObjectVersion") or "1.0"
    return tuple(int(part) for part in text.split("."))


class Definitions(unittest.TestCase):
    server_name = "Leshan's definitions"

    @classmethod
    def setUpClass(cls):
        cls.files, cls.why = {}, ""
        try:
            jar = zipfile.ZipFile(leshan_server.libraries() / JAR)
        except tools.Unavailable as e:
            cls.why = str(e)
            return
        with jar:
            for name in jar.namelist():
                if name.startswith("models/") and name.endswith(".xml"):
                    cls.files[name.split("/")[1]] = jar.read(name)

    def setUp(self):
        if self.why:
            self.skipTest(self.why)
        self.assertGreater(len(self.files), 300)

    def newest(self):
        """The object elements of what is not compiled in, by id."""
        found = {}
        for data in self.files.values():
            for definition in tree.fromstring(data).iter("Object"):
                number = int(definition.findtext("ObjectID"))
                if number in COMPILED:
                    continue
                if number not in found or \
                        version(found[number]) < version(definition):
                    found[number] = definition
        return found

    def check(self, files, devices):
        """What --check says of these files: (exit code, text)."""
        gateway = harness.Gateway({"lwmux.yaml": MAIN,
                                   "conf.d/devices.yaml": devices},
                                  start=False)
        self.addCleanup(gateway.end)
        (gateway.etc / "objects.d").mkdir()
        for name, data in files.items():
            (gateway.etc / "objects.d" / name).write_bytes(data)
        result = gateway.once("--check")
        return result.returncode, result.stdout + result.stderr

    def points(self):
        """A point for each number that is readable, of each object."""
        for number, definition in sorted(self.newest().items()):
            for item in definition.iter("Item"):
                if item.findtext("Type").strip() in NUMBERS and \
                        item.findtext("Operations") in ("R", "RW"):
                    yield (f"      - {{name: p{number}-{item.get('ID')}, "
                           f"map: {number}/0/{item.get('ID')}}}\n")

    def test_all_are_read_and_can_be_mapped(self):
        points = list(self.points())
        self.assertGreater(len(points), 1000)
        code, said = self.check(
            self.files, "devices:\n  - endpoint: all\n    bus: sim\n"
            "    points:\n" + "".join(points))
        self.assertEqual((code, said), (0, "fine: 1 server, 1 device, 1 bus\n"),
                         f"{len(points)} points")

    def test_compiled_ones_are_compared(self):
        """A definition that differs from the gateway's table is told."""
        wrong = {"3303.xml": self.files["3303.xml"].replace(
            b"<Type>Float</Type>", b"<Type>Integer</Type>")}
        code, said = self.check(wrong, "devices: []\n")
        self.assertEqual(code, 1)
        self.assertIn("objects.d/3303.xml:", said)
        self.assertIn("is Integer here, and Float in the one compiled in",
                      said)

    def test_older_versions_are_passed_over(self):
        old = {n: d for n, d in self.files.items() if n == "3303-1_0.xml"}
        self.assertEqual(len(old), 1)
        self.assertEqual(self.check(old, "devices: []\n"),
                         (0, "fine: 1 server, 0 devices, 0 buses\n"))


if __name__ == "__main__":
    unittest.main()
