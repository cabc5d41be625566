# SPDX-License-Identifier: GPL-2.0-or-later
"""Object 5 with Eclipse Leshan: packages pushed and fetched. The cases of the
interoperability specification (751 and on) name no numbers here: they are told
of a device's own firmware, and these devices are made up."""
import os
import struct
import unittest

import cases
from lab import SIM
from leshan_server import Leshan
from package_server import PackageServer
from test_leshan import FORMATS, LeshanCases

IDLE, DOWNLOADED = 0, 2
SUCCESS, DAMAGED, URI, FAILED = 1, 5, 7, 8
DEVICES = """\
devices:
  - endpoint: io-new
    bus: sim
    poll: 200ms
    image_max: 200000
    points: [{name: t, value: 1, map: 3303/0}]
"""


def tearDownModule():
    cases.close_lab(Leshan)


def image(content):
    total = 2166136261
    for byte in content:
        total = (total ^ byte) * 16777619 & 0xffffffff
    return b"SIMIMAGE" + struct.pack(">I", total) + content


class Firmware(LeshanCases):
    NAME = "io-new"

    def setUp(self):
        super().setUp()
        if self.NAME not in self.server.clients():
            self.lab.add_gateway(DEVICES)
            self.server.wait("registered", self.NAME, 15)
        self.assertCode(self.push(b""), "2.04")

    def push(self, body, format="OPAQUE"):
        return self.server.write(self.NAME, "/5/0/0", {"hex": body.hex()},
                                 format, timeout=60)

    def becomes(self, state, result):
        self.eventually_equal(lambda: (self.value(self.NAME, "/5/0/3"),
                                       self.value(self.NAME, "/5/0/5")),
                              (state, result), 30)

    def update(self):
        self.assertCode(self.server.execute(self.NAME, "/5/0/2"), "2.04")

    def test_push_and_update_in_each_format(self):
        body = image(os.urandom(20000))
        for format in ("OPAQUE", "TLV"):
            with self.subTest(format):
                self.assertCode(self.push(body, format), "2.04")
                self.becomes(DOWNLOADED, 0)
                self.update()
                self.becomes(IDLE, SUCCESS)

    def test_push_of_a_damaged_package(self):
        self.assertCode(self.push(image(b"x" * 3000)[:-1]), "2.04")
        self.becomes(IDLE, DAMAGED)

    def test_update_that_the_device_refuses(self):
        self.assertCode(self.push(image(b"FAIL")), "2.04")
        self.becomes(DOWNLOADED, 0)
        self.update()
        self.becomes(DOWNLOADED, FAILED)

    def test_update_without_a_package(self):
        self.assertCode(self.server.execute(self.NAME, "/5/0/2"), "4.05")

    def test_pull(self):
        packages = PackageServer({"new.bin": image(os.urandom(30000))})
        self.addCleanup(packages.end)
        self.assertCode(self.server.write(
            self.NAME, "/5/0/1",
            f"coap://127.0.0.1:{packages.port}/new.bin"), "2.04")
        self.becomes(DOWNLOADED, 0)
        self.update()
        self.becomes(IDLE, SUCCESS)
        self.assertCode(self.server.write(
            self.NAME, "/5/0/1",
            f"coap://127.0.0.1:{packages.port}/none"), "2.04")
        self.becomes(IDLE, URI)

    def test_read_in_each_format(self):
        for format in FORMATS:
            with self.subTest(format):
                nodes = self.server.read(self.NAME, "/5/0", format).nodes
                self.assertEqual(nodes["/5/0/9"], 2)
                self.assertNotIn("/5/0/0", nodes)


class Statistics(LeshanCases):
    def test_counted_from_start_to_stop(self):
        self.assertCode(self.server.execute(SIM, "/7/0/6"), "2.04")
        for _ in range(5):
            self.server.read(SIM, "/3/0")
        self.assertCode(self.server.execute(SIM, "/7/0/7"), "2.04")
        nodes = self.server.read(SIM, "/7/0", "TLV").nodes
        self.assertGreater(nodes["/7/0/4"], 100)
        self.assertGreater(nodes["/7/0/4"], nodes["/7/0/5"])


if __name__ == "__main__":
    unittest.main()
