# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects that only their XML definition tells of."""
from harness import ROOT, Site, wait_for

DEFINITION = (ROOT / "etc/objects.d/cold-store.xml.example").read_text()
NAME = "objects.d/cold-store.xml"
OTHER = "  - {endpoint: other, bus: sim, points: [{name: t, map: 3303/0}]}\n"
DEVICES = """\
devices:
  - endpoint: store
    bus: sim
    poll: 200ms
    points:
      - {name: air, value: -18.5, map: 26251/0/1}
      - {name: target, value: -20, map: 26251/0/2, writable: true}
      - {name: front, value: 7, map: 26251/0/3/0}
      - {name: back, value: 300, map: 26251/0/3/4}
      - {name: thaw, value: 0, map: 26251/0/4, on_execute: 1, writable: true}
""" + OTHER


class Objects(Site):
    def start(self):
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.gateway_ = self.gateway(self.relay_.port, DEVICES,
                                     **{NAME: DEFINITION})
        event = self.server_.registered("store")
        self.server_.registered("other")
        return self.server_, event

    def read(self, path, **options):
        answer = self.server_.ask("read", "store", path, **options)
        return answer["code"], answer.get("payload")

    def test_registered_with_its_version(self):
        _, event = self.start()
        links = event["links"].split(",") if isinstance(
            event["links"], str) else [str(l) for l in event["links"]]
        text = " ".join(links)
        self.assertIn("26251", text)
        self.assertIn("1.1", text)

    def test_read_in_the_types_of_the_definition(self):
        self.start()
        for path, text in (("/26251/0/1", "-18.5"), ("/26251/0/2", "-20"),
                           ("/26251/0/3/4", "300")):
            wait_for(lambda p=path, t=text: self.read(p, accept=0) ==
                     ("2.05", t.encode().hex()), f"{path} = {text}")
        # TLV: a float of 8 bytes; two instances of one and two bytes
        self.assertEqual(self.read("/26251/0/1", accept=11542),
                         ("2.05", "c401" "c1940000"))
        self.assertEqual(self.read("/26251/0/3", accept=11542),
                         ("2.05", "8703" "410007" "4204012c"))

    def test_write_as_the_definition_allows(self):
        server, _ = self.start()
        self.assertEqual(server.code("write", "store", "/26251/0/2",
                                     text="-25"), "2.04")
        wait_for(lambda: self.read("/26251/0/2", accept=0) ==
                 ("2.05", b"-25".hex()), "-25")
        self.assertEqual(server.code("write", "store", "/26251/0/2",
                                     text="11"), "4.00", "beyond its range")
        self.assertEqual(server.code("write", "store", "/26251/0/1",
                                     text="1"), "4.05")
        self.assertEqual(server.code("execute", "store", "/26251/0/4"),
                         "2.04")
        self.assertEqual(server.code("read", "store", "/26251/0/4"), "4.05")
        self.assertEqual(server.code("execute", "store", "/26251/0/1"),
                         "4.05")

    def test_control_tool_names_resources_and_units(self):
        self.start()
        told = self.gateway_.ctl("read", "store", "/26251").stdout
        self.assertIn("Air Temperature", told)
        self.assertIn("-18.5 Cel", told)

    def test_changed_definition_makes_its_devices_anew(self):
        server, _ = self.start()
        server.ask("observe", "store", "/26251/0/1", accept=11542)
        mark, seen = server.mark(), self.relay_.mark()
        self.gateway_.write(NAME, DEFINITION.replace("-40..10", "-40..30")
                            .replace("1.1<", "1.2<"))
        self.gateway_.reload()
        event = server.registered("store", after=mark)
        self.assertIn("1.2", str(event["links"]))
        wait_for(lambda: server.code("write", "store", "/26251/0/2",
                                     text="11") == "2.04", "the new range")
        self.assertEqual(
            self.relay_.messages("up", seen, self.relay_.port_of("other")),
            [], "it does not use the object")

    def test_untouched_device_lives_on_with_its_definitions(self):
        server, _ = self.start()
        mark = server.mark()
        # A definition more, and a device that goes: store keeps all.
        self.gateway_.write("objects.d/b.xml",
                            DEFINITION.replace("26251", "26252"))
        self.gateway_.write("conf.d/devices.yaml", DEVICES.replace(OTHER, ""))
        self.gateway_.reload()
        server.wait("unregistered", ep="other", after=mark)
        self.gateway_.reload()
        self.assertEqual(self.read("/26251/0/1", accept=0),
                         ("2.05", b"-18.5".hex()))
        self.assertEqual(server.code("discover", "store", "/26251"), "2.05")
        self.assertEqual(server.events("registered", after=mark), [])

    def test_wrong_definition_leaves_its_devices_out_as_a_start_would(self):
        server, _ = self.start()
        mark = server.mark()
        self.gateway_.write(NAME, DEFINITION.replace("Float", "Flaot"))
        answer = self.gateway_.ctl("reload")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("objects.d/cold-store.xml:22:11: <Type> must be one of",
                      answer.stderr)
        server.wait("unregistered", ep="store", after=mark)
        self.assertEqual(server.code("read", "other", "/3/0"), "2.05")
        self.gateway_.write(NAME, DEFINITION)
        self.gateway_.reload()
        server.registered("store", after=mark)
        self.assertEqual(server.events("unregistered", after=mark,
                                       ep="other"), [])

    def test_definition_taken_away_refuses_its_devices_alone(self):
        server, _ = self.start()
        mark = server.mark()
        (self.gateway_.etc / NAME).unlink()
        self.gateway_.reload()
        server.wait("unregistered", ep="store", after=mark)
        self.assertEqual(server.events("unregistered", after=mark,
                                       ep="other"), [])
        self.gateway_.wait_log("object 26251 is not known")

    def test_check_tells_all_of_it(self):
        gateway = self.gateway(5683, DEVICES, start=False, **{
            NAME: DEFINITION.replace("-60..60", "").replace(
                "<Operations>RW<", "<Operations>WR<"),
            "objects.d/again.xml": DEFINITION.replace("26251", "3303")})
        result = gateway.once("--check")
        self.assertEqual(result.returncode, 1)
        for text in ("cold-store.xml:29:17: <Operations> must be one of",
                     "again.xml:17:4: object 3303 (Cold Store): resource 1 "
                     "(Air Temperature) is not in the one compiled in",
                     "devices.yaml:6:40: 'map': object 26251 is not known"):
            self.assertIn(text, result.stderr)
