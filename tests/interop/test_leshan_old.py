# SPDX-License-Identifier: GPL-2.0-or-later
"""Older releases of Leshan, by the names that the configuration has for them."""
import unittest

import harness
import sites
import tools
from leshan_old_server import Leshan1, LeshanM15

T, SET = "/3303/0/5700", "/3308/0/5900"


class Old:
    """driver; preset: `server:` of the configuration; formats: all it reads."""
    version = "1.0"

    @classmethod
    def setUpClass(cls):
        """One server and one gateway for all cases: a JVM takes its time."""
        cls.server_name = cls.driver.title
        cls.shared = harness.Site()
        cls.shared.parts = []
        cls.why = None
        try:
            cls.leshan = cls.shared.add(cls.driver())
            cls.shared.gateway(cls.leshan.port, sites.SIM,
                               server=f"server: {cls.preset}")
            cls.registration = cls.leshan.wait("registered", "sim", 60)
        except tools.Unavailable as e:
            cls.why = str(e)
        except BaseException:
            cls.shared.finish()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.shared.finish()

    def setUp(self):
        if self.why:
            self.skipTest(self.why)

    def evidence(self):
        return self.shared.evidence()

    def value(self, operation, path, *more):
        answer = self.leshan.ask(operation, "sim", path, *more)
        self.assertEqual(answer.get("code"), "CONTENT", answer)
        return answer["value"]

    def done(self, operation, path, *more):
        answer = self.leshan.ask(operation, "sim", path, *more)
        self.assertEqual(answer.get("code"), "CHANGED", answer)

    def test_int_101_registration(self):
        self.assertEqual(self.registration["lwm2m"], self.version)
        self.assertEqual(self.registration["lifetime"], 300)

    def test_int_224_237_read_without_and_with_a_format(self):
        self.assertEqual(float(self.value("read", T)), 21.5)
        self.assertEqual(self.value("read", "/3/0/0"), "Acme")
        for form in self.formats:
            with self.subTest(form):
                self.assertEqual(float(self.value("read", T, form)), 21.5)

    def test_int_222_223_read_of_an_object_and_an_instance(self):
        for path in ("/3303", "/3303/0"):
            self.assertIn("21.5", self.value("read", path))

    def test_int_205_215_write(self):
        self.done("write", SET, 23)
        harness.wait_for(lambda: float(self.value("read", SET)) == 23,
                         "the written value")

    def test_int_104_update_by_trigger(self):
        mark = self.leshan.mark()
        self.done("execute", "/1/0/8")
        self.leshan.wait("updated", "sim", 30, mark)

    def test_int_260_discover(self):
        self.assertIn("5700", self.value("discover", "/3303/0"))

    def test_int_301_observation_without_a_format(self):
        self.assertGreater(float(self.value("observe", SET)), 0)
        self.done("write", SET, 24)
        self.leshan.wait("notification", "sim", 30, match=lambda e:
                         "value" in e and float(e["value"]) == 24)
        self.assertEqual([e for e in self.leshan.events("notification", "sim")
                          if "error" in e], [])


class Leshan1Cases(Old, unittest.TestCase):
    driver, preset = Leshan1, "leshan-1"
    formats = ("TLV", "JSON", "TEXT")


class LeshanM15Cases(Old, unittest.TestCase):
    driver, preset = LeshanM15, "thingsboard"
    version = "1.1"
    formats = ("TLV", "JSON", "TEXT", "SENML_JSON", "SENML_CBOR", "CBOR")
