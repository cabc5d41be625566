# SPDX-License-Identifier: GPL-2.0-or-later
"""What LwM2M 1.2 adds to Discover and Observe, and objects without instances."""
import time

import sites
from harness import SharedSite, Site, wait_for
from sites import hexed

T = "/3303/0/5700"
TLV, JSON = 11542, 110


class Depth(SharedSite):
    @classmethod
    def build(cls, site):
        cls.server = site.server()
        site.gateway(cls.server.port, sites.SIM)
        cls.server.registered("sim")

    def discover(self, path, depth):
        answer = self.server.ask("request", "sim", "GET", path, accept=40,
                                 q=f"depth={depth}")
        self.assertEqual(answer["code"], "2.05", answer)
        return answer["text"]

    def test_int_264_depth_of_an_object(self):
        self.assertEqual(self.discover("/3303", 0), "</3303>;ver=1.1")
        self.assertEqual(self.discover("/3303", 1),
                         "</3303>;ver=1.1,</3303/0>")
        self.assertIn("</3303/0/5700>", self.discover("/3303", 2))
        self.assertIn("</3/0/11/0>", self.discover("/3", 3))
        self.assertNotIn("</3/0/11/0>", self.discover("/3", 2))

    def test_int_266_depth_of_an_instance_and_a_resource(self):
        self.assertEqual(self.discover("/3/0", 0), "</3/0>")
        self.assertNotIn("</3/0/11/0>", self.discover("/3/0", 1))
        self.assertIn("</3/0/11/0>", self.discover("/3/0", 2))
        self.assertEqual(self.discover("/3/0/11", 0), "</3/0/11>;dim=1")
        self.assertEqual(self.discover("/3/0/11", 1),
                         "</3/0/11>;dim=1,</3/0/11/0>")

    def test_depth_that_is_none_is_4_00(self):
        for depth in ("4", "-1", "", "x", "11"):
            self.assertEqual(self.server.code(
                "request", "sim", "GET", "/3", accept=40,
                q=f"depth={depth}"), "4.00")

    def test_objects_without_instances(self):
        server = self.server
        self.assertEqual(server.ask("discover", "sim", "/16")["text"],
                         "</16>")
        for accept in (TLV, JSON, 112, 11543, 11544):
            answer = server.ask("read", "sim", "/19", accept=accept)
            self.assertEqual(answer["code"], "2.05", answer)
        self.assertEqual(server.code("read", "sim", "/16/0"), "4.04")
        self.assertEqual(server.code("read", "sim", "/17"), "4.04")
        server.ask("observe", "sim", "/16", accept=JSON)
        mark = server.mark()
        self.assertEqual(server.code(
            "create", "sim", "/16", format=JSON,
            hex=hexed('[{"bn":"/16/0/","n":"0/0","vs":"x"}]')), "2.01")
        event = server.wait("notification", after=mark, path="/16")
        self.assertEqual(event["values"], {"/16/0/0/0": "x"})
        server.ask("cancel", "sim", "/16")
        self.assertEqual(server.code("delete", "sim", "/16/0"), "2.02")


class Observe(Site):
    def start(self, devices=sites.SIM, **options):
        server = self.server()
        gateway = self.gateway(server.port, devices, **options)
        server.registered("sim")
        return server, gateway

    def observe(self, server, path, query):
        return server.ask("request", "sim", "GET", path, q=query,
                          observe=0, accept=JSON)

    def test_int_312_attributes_of_the_observation(self):
        server, _ = self.start()
        mark = server.mark()
        answer = self.observe(server, T, "pmin=0&pmax=1")
        self.assertEqual((answer["code"], answer["observe"]), ("2.05", 1))
        for _ in range(2):
            server.wait("notification", after=mark)
            mark = server.mark()
        # of this one alone: neither kept nor shown
        self.assertEqual(server.ask("discover", "sim", T)["text"], f"<{T}>")

    def test_int_313_attributes_that_cannot_be(self):
        server, _ = self.start()
        for path, query in ((T, "pmin"), (T, "gt=1&lt=2"), (T, "x=1"),
                            ("/3303/0", "gt=1"), ("/3/0/0", "gt=1"),
                            (T, "edge=1")):
            answer = self.observe(server, path, query)
            self.assertEqual(answer["code"], "4.00", (path, query))
            self.assertNotIn("observe", answer)

    def test_setpoint_conditions_of_one_observation(self):
        server, _ = self.start()
        path = "/3308/0/5900"
        self.observe(server, path, "gt=25")
        mark = server.mark()
        for value in (21, 24):
            self.assertEqual(server.code("write", "sim", path, text=value),
                             "2.04")
        self.assertEqual(server.events("notification", after=mark), [])
        self.assertEqual(server.code("write", "sim", path, text=26), "2.04")
        event = server.wait("notification", after=mark)
        self.assertEqual(event["values"], {path: 26})

    def test_same_token_goes_on_counting(self):
        server, _ = self.start()
        path = "/3308/0/5900"
        server.ask("observe", "sim", path, accept=JSON, token="aabb")
        for value in (21, 22, 23):
            mark = server.mark()
            server.ask("write", "sim", path, text=value)
            last = server.wait("notification", after=mark)["observe"]
        answer = server.ask("observe", "sim", path, accept=JSON, token="aabb")
        self.assertGreater(answer["observe"], last)

    def test_epmin_judges_not_too_often(self):
        server, _ = self.start()
        path = "/3308/0/5900"
        server.ask("attributes", "sim", path, "epmin=2")
        server.ask("observe", "sim", path, accept=JSON)
        mark = server.mark()
        for value in (21, 22, 23):
            server.ask("write", "sim", path, text=value)
        server.wait("notification", after=mark, values={path: 21})
        event = server.wait("notification", after=mark,
                            where=lambda e: e["values"] != {path: 21})
        self.assertEqual(event["values"], {path: 23})

    def test_epmax_is_looked_at_so_often(self):
        slow = sites.boiler(0).replace("poll: 200ms", "poll: 1h")
        slave = self.slave("1=boiler")
        server = self.server()
        self.gateway(server.port, slow.replace("tcp_port: 0",
                                               f"tcp_port: {slave.port}"))
        server.registered("boiler")
        server.ask("observe", "boiler", T, accept=JSON)
        server.ask("attributes", "boiler", T, "epmax=1")
        mark = server.mark()
        slave.do("set 1 holding 100 333")
        event = server.wait("notification", after=mark)
        self.assertEqual(event["values"], {T: 33.3})
        # and no more when nobody asks for it
        server.ask("attributes", "boiler", T, "epmax")
        slave.do("set 1 holding 100 111")
        time.sleep(2.5)
        self.assertEqual(server.value("boiler", T), 33.3)
