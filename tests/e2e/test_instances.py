# SPDX-License-Identifier: GPL-2.0-or-later
"""Instances that a server makes and deletes (Core TS 6.3.6, 6.3.7)."""
import sites
from harness import ROOT, Site
from sites import hexed

# What the device does not measure here: limits, which servers can fill.
DEFINITION = (ROOT / "etc/objects.d/cold-store.xml.example").read_text(
    ).replace("<Operations>R<", "<Operations>RW<", 1)
STORE = sites.SIM + """\
      - {name: store, value: -18.5, map: 26251/0/1}
"""
TLV, JSON = 11542, 110
LOCATION_PATH = 8


class Instances(Site):
    def start(self):
        server = self.server()
        gateway = self.gateway(server.port, sites.SIM)
        server.registered("sim")
        return server, gateway

    def create(self, server, text, **options):
        """By TLV, without an id: one Identity of a Portfolio."""
        raw = bytes([0x80 | 2 + len(text), 0, 0x40 | len(text), 0])
        answer = server.ask("create", "sim", "/16", format=TLV,
                            hex=raw.hex() + hexed(text), **options)
        self.assertEqual(answer["code"], "2.01", answer)
        return [o.split("=")[1] for o in answer["options"]
                if o.startswith(f"{LOCATION_PATH}=")]

    def create_at(self, server, instance, text, code="2.01"):
        record = f'[{{"bn":"/16/{instance}/","n":"0/0","vs":"{text}"}}]'
        answer = server.ask("create", "sim", "/16", format=JSON,
                            hex=hexed(record))
        self.assertEqual(answer["code"], code, answer)

    def delete(self, server, path, code="2.02"):
        self.assertEqual(server.code("delete", "sim", path), code)

    def test_int_1630_1635_create_and_delete(self):
        server, _ = self.start()
        mark = server.mark()
        self.assertEqual(self.create(server, "one"),
                         [hexed("16"), hexed("0")])
        event = server.wait("updated", after=mark,
                            where=lambda e: e["content"])
        self.assertIn("</16/0>", event["links"])
        self.assertEqual(server.value("sim", "/16/0/0/0"), "one")
        mark = server.mark()
        self.delete(server, "/16/0")
        event = server.wait("updated", after=mark,
                            where=lambda e: e["content"])
        self.assertNotIn("</16/0>", event["links"])
        self.assertEqual(server.code("read", "sim", "/16/0"), "4.04")

    def test_the_server_chooses(self):
        server, _ = self.start()
        self.create_at(server, 7, "seven")
        self.assertEqual(server.value("sim", "/16/7/0/0"), "seven")
        self.create_at(server, 7, "again", "4.00")

    def test_repeated_create_runs_once(self):
        server, _ = self.start()
        self.create(server, "one", repeat=3)
        self.assertEqual(self.create(server, "two"),
                         [hexed("16"), hexed("1")])

    def test_elements_are_deleted(self):
        server, _ = self.start()
        self.create_at(server, 0, "a")
        self.assertEqual(server.code(
            "update", "sim", "/16/0", format=JSON,
            hex=hexed('[{"bn":"/16/0/","n":"0/4","vs":"b"}]')), "2.04")
        self.delete(server, "/16/0/0/0")
        self.assertEqual(server.ask("read", "sim", "/16/0",
                                    accept=JSON)["values"],
                         {"/16/0/0/4": "b"})

    def test_int_680_685_what_is_a_device_is_not_a_servers(self):
        server, _ = self.start()
        for path in ("/3", "/3303", "/1"):
            self.assertEqual(server.code("create", "sim", path,
                                         hex="c10005"), "4.05")
        for path in ("/3/0", "/3303/0", "/1/0", "/", "/3/0/11/0"):
            self.delete(server, path, "4.05")
        self.delete(server, "/0/0", "4.01")

    def test_observers_are_told(self):
        server, _ = self.start()
        self.create_at(server, 0, "a")
        self.create_at(server, 1, "b")
        server.ask("observe", "sim", "/16", accept=JSON)
        server.ask("observe", "sim", "/16/1/0", accept=JSON)
        mark = server.mark()
        self.delete(server, "/16/1")
        event = server.wait("notification", after=mark, path="/16")
        self.assertEqual(event["values"], {"/16/0/0/0": "a"})
        # the last one of what is gone has no Observe: it ends it
        server.wait("response", after=mark, path="/16/1/0", code="4.04")
        mark = server.mark()
        self.create_at(server, 4, "c")
        event = server.wait("notification", after=mark, path="/16")
        self.assertEqual(event["values"],
                         {"/16/0/0/0": "a", "/16/4/0/0": "c"})

    def test_they_outlive_a_restart(self):
        server, gateway = self.start()
        self.create_at(server, 0, "a")
        self.create_at(server, 2, "b")
        self.assertEqual(server.code("attributes", "sim", "/16/0",
                                     "pmin=3"), "2.04")
        self.delete(server, "/16/0")
        mark = server.mark()
        gateway.restart()
        links = server.registered("sim", after=mark)["links"]
        self.assertIn("</16/2>", links)
        self.assertNotIn("</16/0>", links)
        self.assertEqual(server.value("sim", "/16/2/0/0"), "b")
        self.create_at(server, 0, "new")
        self.assertEqual(server.ask("discover", "sim", "/16/0")["text"],
                         "</16/0>,</16/0/0>;dim=1")

    def test_an_object_of_an_xml_file(self):
        server = self.server()
        gateway = self.gateway(server.port, STORE,
                               **{"objects.d/store.xml": DEFINITION})
        server.registered("sim")
        mark = server.mark()
        for code in ("2.01", "4.00"):
            self.assertEqual(server.ask(
                "create", "sim", "/26251", format=JSON,
                hex=hexed('[{"n":"/26251/3/1","v":-20}]'))["code"], code)
        event = server.wait("updated", after=mark,
                            where=lambda e: e["content"])
        self.assertIn("</26251/3>", event["links"])
        self.delete(server, "/26251/0", "4.05")
        mark = server.mark()
        gateway.restart()
        links = server.registered("sim", after=mark)["links"]
        self.assertIn("</26251/3>", links)
        self.assertEqual(server.value("sim", "/26251/3/1"), -20)
        self.delete(server, "/26251/3")
        self.assertEqual(server.code("read", "sim", "/26251/3"), "4.04")
