# SPDX-License-Identifier: GPL-2.0-or-later
"""Object 25 of the gateway's own endpoint: its devices, through reloads."""
from harness import Site, wait_for

JSON = 110


def device(name):
    return (f"  - {{endpoint: {name}, bus: sim, poll: 200ms, points: "
            f"[{{name: t, value: 1, map: 3303/0}}]}}\n")


class Listing(Site):
    def start(self, names, more="object_25: true", **options):
        self.server_ = self.server()
        self.gateway_ = self.gateway(
            self.server_.port, "devices:\n" + "".join(map(device, names)),
            **{"lwmux.yaml": self.main(more)}, **options)
        return self.server_.registered("gw")

    def main(self, more):
        return f"""\
            gateway: {{name: e2e, endpoint: gw, {more}}}
            servers: [{{id: 1, uri: "coap://127.0.0.1:{self.server_.port}"}}]
            """

    def listed(self):
        answer = self.server_.ask("read", "gw", "/25", accept=JSON)
        values = answer.get("values", {})
        return {values[p]: values[p.rsplit("/", 1)[0] + "/1"]
                for p in values if p.endswith("/0")}

    def devices(self, names):
        self.gateway_.write("conf.d/devices.yaml",
                            "devices:\n" + "".join(map(device, names)))
        self.gateway_.reload()

    def test_lists_the_devices(self):
        links = self.start(["a", "b", "c"])["links"]
        self.assertIn("</25>;ver=2.0", links)
        self.assertEqual(len([l for l in links if l.startswith("</25/")]), 3)
        listed = self.listed()
        self.assertEqual(set(listed), {"a", "b", "c"})
        self.assertEqual(set(listed.values()), {"d0", "d1", "d2"})
        answer = self.server_.ask("read", "gw", "/25/0/3", accept=0)
        self.assertEqual(answer["text"],
                         "</3/0>,</7/0>,</3303>;ver=1.1,</3303/0>")

    def test_follows_a_reload(self):
        self.start(["a", "b"])
        for ep in ("a", "b"):
            self.server_.registered(ep)
        before = self.listed()
        mark = self.server_.mark()
        self.devices(["b", "c", "d"])
        wait_for(lambda: set(self.listed()) == {"b", "c", "d"}, "the new list")
        self.assertEqual(self.listed()["b"], before["b"])
        self.server_.wait("updated", after=mark, ep="gw", where=lambda e: len(
            [l for l in e.get("links", []) if l.startswith("</25/")]) == 3)
        # The gateway was not touched: it did not register anew.
        self.assertEqual(self.server_.events("registered", after=mark,
                                             ep="gw"), [])

    def test_only_where_it_is_asked_for(self):
        links = self.start(["a"], more="object_25: false")["links"]
        self.assertFalse([l for l in links if l.startswith("</25")])
        mark = self.server_.mark()
        self.gateway_.write("lwmux.yaml", self.main("object_25: true"))
        self.gateway_.reload()
        self.server_.registered("gw", after=mark)
        self.assertEqual(set(self.listed()), {"a"})
        mark = self.server_.mark()
        self.gateway_.write("lwmux.yaml", self.main("object_25: false"))
        self.gateway_.reload()
        self.server_.registered("gw", after=mark)
        self.assertEqual(self.server_.code("read", "gw", "/25"), "4.04")

    def test_none_is_listed_where_there_is_none(self):
        self.start([])
        self.assertEqual(self.server_.code("read", "gw", "/25"), "4.04")
        self.devices(["a"])
        wait_for(lambda: set(self.listed()) == {"a"}, "its first device")

    def test_an_observed_list_is_notified(self):
        self.start(["a"])
        mark = self.server_.mark()
        self.assertEqual(self.server_.code("observe", "gw", "/25"), "2.05")
        self.devices(["a", "b"])
        self.server_.wait("notification", after=mark, path="/25",
                          where=lambda e: "b" in e["values"].values())
