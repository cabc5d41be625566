# SPDX-License-Identifier: GPL-2.0-or-later
"""Reload by difference: what did not change does not notice."""
import contextlib
import json
import os
import socket
import time

import sites
from harness import WAIT, Site, wait_for

DEVICE = """\
  - endpoint: {ep}
    bus: sim
    poll: 200ms
    points: [{{name: t, value: {value}, map: 3303/0, unit: Cel}}]
"""


def devices(**values):
    return "devices:\n" + "".join(DEVICE.format(ep=ep, value=value)
                                  for ep, value in values.items())


class Reload(Site):
    def start(self, **values):
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.gateway_ = self.gateway(self.relay_.port, devices(**values))
        for ep in values:
            self.server_.registered(ep)
        return self.server_, self.gateway_

    def change(self, **values):
        self.gateway_.write("conf.d/devices.yaml", devices(**values))
        self.gateway_.reload()

    def sent_by(self, ep, mark):
        return self.relay_.messages("up", mark, self.relay_.port_of(ep))

    def test_untouched_endpoint_sends_no_datagram(self):
        server, _ = self.start(a=1, b=2)
        mark, events = self.relay_.mark(), server.mark()
        self.change(a=1, b=3, c=4)
        server.registered("b", after=events)
        server.registered("c")
        wait_for(lambda: server.value("b", "/3303/0/5700") == 3, "b = 3")
        self.assertEqual(self.sent_by("a", mark), [])
        self.assertEqual(server.value("a", "/3303/0/5700"), 1)

    def test_untouched_endpoint_keeps_its_observation(self):
        slave = self.slave("1=plain", "2=plain")
        server = self.server()
        gateway = self.gateway(server.port, sites.meters(slave.port, (1,)))
        server.registered("meter-1")
        first = server.ask("observe", "meter-1", "/3303/0/5700")
        gateway.write("conf.d/devices.yaml", sites.meters(slave.port))
        gateway.reload()
        server.registered("meter-2")
        mark = server.mark()
        slave.do("set 1 holding 100 345")
        event = server.wait("notification", after=mark, ep="meter-1")
        self.assertEqual(event["values"], {"/3303/0/5700": 34.5})
        self.assertEqual(event["token"], first["token"])

    def test_removed_endpoint_deregisters(self):
        server, _ = self.start(a=1, b=2)
        self.change(a=1)
        server.wait("unregistered", ep="b")
        self.assertEqual(server.events("unregistered", ep="a"), [])

    def test_hangup_reloads_too(self):
        server, gateway = self.start(a=1)
        gateway.write("conf.d/devices.yaml", devices(a=1, b=2))
        gateway.hangup()
        server.registered("b")

    def ask_reload(self, stack):
        """Asked, and not waited for: a file to read the answer from."""
        asker = stack.enter_context(socket.socket(socket.AF_UNIX))
        asker.settimeout(WAIT)
        asker.connect(os.path.join(self.gateway_.run, "control"))
        asker.sendall(b'{"do": "reload"}\n')
        return stack.enter_context(asker.makefile())

    def test_each_that_asks_while_files_are_read_has_them_read_anew(self):
        _, gateway = self.start(a=1)
        # Read after the file that changes, and not at once.
        gateway.write("conf.d/long.yaml", "devices:\n" + "".join(
            f"  - {{endpoint: off-{i}, enabled: false, bus: sim, points: "
            "[{name: t, value: 1, map: 3303/0, unit: Cel}]}\n"
            for i in range(4000)))
        with contextlib.ExitStack() as stack:
            answers = []
            for values in ({"a": 1, "b": 2}, {"a": 1, "c": 3}):
                gateway.write("conf.d/devices.yaml", devices(**values))
                answers.append(self.ask_reload(stack))
                time.sleep(0.01)    # so that it has begun
            for answer in answers:
                self.assertTrue(json.loads(answer.readline())["reloaded"])
        # b may not have left yet.
        self.assertEqual({e["endpoint"] for e in
                          gateway.status()["endpoints"]} - {"b"}, {"a", "c"})

    def test_wrong_main_file_changes_nothing(self):
        server, gateway = self.start(a=1, b=2)
        gateway.write("lwmux.yaml", "gateway: [\n")
        gateway.write("conf.d/devices.yaml", devices(a=1))
        result = gateway.ctl("reload")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(server.value("b", "/3303/0/5700"), 2)
        self.assertEqual(server.events("unregistered"), [])
        (gateway.etc / "lwmux.yaml").unlink()
        self.assertNotEqual(gateway.ctl("reload").returncode, 0)
        gateway.wait_log("lwmux.yaml: no server")
        self.assertEqual(server.events("unregistered"), [])

    def test_what_is_wrong_as_a_whole_is_left_out_as_at_a_start(self):
        """A file, an adapter, a bus; the rest is taken, and a start does the
        same."""
        server, gateway = self.start(a=1)
        broken = {"file": DEVICE.format(ep="c", value=3) + "  - {oops\n",
                  "adapter": "  - {endpoint: c, bus: {adapter: knx}}\n",
                  "bus": "  - {endpoint: c, bus: nowhere}\n"}
        for i, text in enumerate(broken.values()):
            gateway.write("conf.d/broken.yaml", "devices:\n" + text)
            gateway.write("conf.d/more.yaml",
                          devices(**{f"more-{i}": 2}))
            answer = gateway.ctl("reload")
            self.assertEqual(answer.returncode, 1)
            self.assertIn("conf.d/broken.yaml:", answer.stderr)
            server.registered(f"more-{i}")
            self.assertEqual(server.value("a", "/3303/0/5700"), 1)
        gateway.stop()
        gateway.code = None
        gateway.start()
        wait_for(lambda: len(server.events("registered", ep="a")) == 2,
                 "a start")
        gateway.write("conf.d/broken.yaml", "devices: []\n")
        self.assertEqual(gateway.ctl("reload").returncode, 0)

    def test_wrong_device_is_refused_alone(self):
        server, gateway = self.start(a=1)
        gateway.write("conf.d/devices.yaml", devices(a=1, b=2) +
                      DEVICE.format(ep="c", value=3).replace("poll", "pol"))
        gateway.hangup()
        server.registered("b")
        gateway.wait_log("pol")
        self.assertEqual(server.value("a", "/3303/0/5700"), 1)
        self.assertEqual(server.events("registered", ep="c"), [])

    def test_another_server_moves_all(self):
        server, gateway = self.start(a=1)
        other = self.server()
        text = (gateway.etc / "lwmux.yaml").read_text()
        gateway.write("lwmux.yaml", text.replace(str(self.relay_.port),
                                                 str(other.port)))
        gateway.reload()
        other.registered("a")
        server.wait("unregistered", ep="a")

    def test_many_that_leave_at_a_slow_pace_all_deregister(self):
        many = """\
devices:
  - endpoint: "m-${unit}"
    bus: sim
    unit: 1-60
    points: [{name: t, value: 1, map: 3303/0}]
"""
        server = self.server()
        gateway = self.gateway(server.port, many, server="pace: 10")
        wait_for(lambda: len(server.events("registered")) == 60, "60 there")
        gateway.write("conf.d/devices.yaml", devices(a=1))
        gateway.reload()
        wait_for(lambda: len(server.events("unregistered")) == 60,
                 "60 gone")
        server.registered("a")
