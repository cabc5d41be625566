# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices that do not answer: never shown with old values as fresh."""
import sites
from harness import Site, wait_for

T = "/3303/0/5700"


class Silence(Site):
    def start(self, more="", before=()):
        self.slave_ = self.slave("1=plain", "2=plain")
        for unit in (1, 2):
            self.slave_.do(f"set {unit} holding 100 200")
        for command in before:
            self.slave_.do(command)
        self.server_ = self.server()
        self.gateway_ = self.gateway(
            self.server_.port, sites.meters(self.slave_.port, more=more))
        return self.server_

    def wait_code(self, code, ep="meter-1"):
        wait_for(lambda: self.server_.code("read", ep, T) == code,
                 f"{code} of {ep}")

    def test_no_value_yet_is_5_03(self):
        server = self.start(more="register: always", before=["mute 1"])
        server.registered("meter-1")
        self.assertEqual(server.code("read", "meter-1", T), "5.03")

    def test_no_value_yet_is_left_out_of_the_instance(self):
        server = self.start(more="register: always", before=["mute 1"])
        server.registered("meter-1")
        answer = server.ask("read", "meter-1", "/3303/0", accept=110)
        self.assertEqual(answer["code"], "2.05")
        self.assertNotIn(T, answer["values"])
        self.assertEqual(answer["values"]["/3303/0/5701"], "Cel")

    def test_device_never_heard_does_not_register(self):
        server = self.start(before=["mute 1"])
        server.registered("meter-2")
        self.gateway_.wait_log("meter-1")
        self.assertEqual(server.events("registered", ep="meter-1"), [])
        self.slave_.do("unmute 1")
        server.registered("meter-1")

    def test_silent_device_is_5_04_and_comes_back_by_itself(self):
        server = self.start()
        server.registered("meter-1")
        mark = self.gateway_.log_mark()
        self.slave_.do("mute 1")
        self.wait_code("5.04")
        self.gateway_.wait_log("meter-1", after=mark)
        self.slave_.do("set 1 holding 100 215")
        self.slave_.do("unmute 1")
        self.wait_code("2.05")
        self.assertEqual(server.value("meter-1", T), 21.5)

    def test_silent_device_tells_its_state_in_the_error_code(self):
        server = self.start()
        server.registered("meter-1")
        self.slave_.do("mute 1")
        self.wait_code("5.04")
        values = server.ask("read", "meter-1", "/3/0/11",
                            accept=11542)["values"]
        self.assertNotEqual(values, {"/3/0/11/0": 0})

    def test_quality_indicator_follows(self):
        server = self.start()
        server.registered("meter-1")
        quality = "/3303/0/6042"
        self.assertEqual(server.code("read", "meter-1", quality), "4.04")
        self.slave_.do("mute 1")
        self.wait_code("5.04")
        self.assertEqual(server.value("meter-1", quality), 2)
        self.assertEqual(server.value("meter-1", "/3303/0/6049"), 50)
        self.slave_.do("unmute 1")
        self.wait_code("2.05")
        server.wait_value("meter-1", quality, 4)

    def test_registration_of_a_silent_device_lapses(self):
        server = self.start(more="silent_after: 1s")
        for ep in ("meter-1", "meter-2"):
            server.registered(ep)
            server.shorten(ep, 6)
        mark = server.mark()
        self.slave_.do("mute 1")
        server.wait("expired", ep="meter-1", after=mark, timeout=30)
        self.assertEqual(server.events("expired", ep="meter-2"), [])
        server.wait("updated", ep="meter-2", after=mark)
        self.slave_.do("unmute 1")
        server.registered("meter-1", after=mark)

    def test_other_devices_of_the_bus_keep_their_rhythm(self):
        server = self.start()
        for ep in ("meter-1", "meter-2"):
            server.registered(ep)
        server.ask("observe", "meter-2", T)
        self.slave_.do("mute 1")
        self.wait_code("5.04")
        for raw in (210, 220, 230):
            mark = server.mark()
            self.slave_.do(f"set 2 holding 100 {raw}")
            server.wait("notification", after=mark, ep="meter-2",
                        timeout=3, where=lambda e, raw=raw:
                        e["values"].get(T) == raw / 10)

    def test_sleepers_do_not_slow_their_bus(self):
        """Unanswered polls of sleepers cost their time-out each: 300 ms."""
        slave = self.slave(*(f"{unit}=plain" for unit in range(1, 9)))
        for unit in range(2, 9):
            slave.do(f"mute {unit}")
        server = self.server()
        gateway = self.gateway(
            server.port, sites.bus(slave.port) + "devices:\n" + "".join(
                f"  - {{endpoint: m-{u}, bus: plant, unit: {u}, poll: 200ms, "
                f"queue: {'false' if u == 1 else 'true'}, silent_after: 1h, "
                "points: [{name: t, table: holding, address: 100, "
                "type: int16, map: 3303/0}]}\n" for u in range(1, 9)))
        server.registered("m-1")
        server.ask("observe", "m-1", T)
        begin = server.mark()
        for i in range(20):
            mark = server.mark()
            slave.do(f"set 1 holding 100 {300 + i}")
            server.wait("notification", after=mark, ep="m-1", timeout=5,
                        where=lambda e, i=i: e["values"].get(T) == 300 + i)
        waits = [e for e in server.events("notification", after=begin)]
        self.assertGreaterEqual(len(waits), 20)
        counts = gateway.status("m-1")["endpoints"][0]["counts"]
        sleepers = [gateway.status(f"m-{u}")["endpoints"][0]
                    for u in range(2, 9)]
        for s in sleepers:
            self.assertEqual(s["state"], "unknown", s)
        # The one that is there has most of the bus's exchanges.
        self.assertGreater(counts["exchanges"],
                           3 * sum(s["counts"].get("exchanges", 0)
                                   for s in sleepers), sleepers)

    def test_bus_that_is_gone_comes_back(self):
        server = self.start()
        server.registered("meter-1")
        self.slave_.do("drop")
        self.slave_.do("set 1 holding 100 250")
        wait_for(lambda: server.ask("read", "meter-1", T).get("values") ==
                 {T: 25.0}, "25.0 over a new connection")

    def test_reply_of_the_wrong_unit_is_never_taken(self):
        server = self.start()
        server.registered("meter-1")
        self.slave_.do("wrong-unit on")
        self.slave_.do("set 1 holding 100 999")
        self.wait_code("5.04")
        self.assertEqual(server.events("response", text="99.9"), [])
        self.slave_.do("wrong-unit off")
        self.wait_code("2.05")

    def test_stale_value_is_served_with_its_time_where_asked_for(self):
        server = self.start(more="stale: serve")
        server.registered("meter-1")
        self.slave_.do("mute 1")
        wait_for(lambda: self.gateway_.ctl("status").returncode == 1,
                 "a degraded status")
        answer = server.ask("read", "meter-1", T, accept=110)
        self.assertEqual(answer["values"], {T: 20.0})
        self.assertIn(T, answer["times"])

    def test_simulated_device_plays_silent(self):
        server = self.server()
        self.gateway(server.port, """\
            devices:
              - endpoint: shy
                bus: sim
                poll: 100ms
                quiet_every: 4s
                quiet_for: 2s
                points: [{name: t, value: 7, map: 3303/0}]
            """)
        server.registered("shy")
        for code in ("5.04", "2.05", "5.04"):
            self.server_ = server
            self.wait_code(code, "shy")

    def test_invalid_values_are_never_shown(self):
        slave = self.slave("1=plain")
        slave.do("set 1 holding 100 200")
        server = self.server()
        self.gateway(server.port, sites.meters(slave.port, (1,)).replace(
            "scale: 0.1,", "scale: 0.1, invalid: [0x7FFF],"))
        server.registered("meter-1")
        slave.do("set 1 holding 100 32767")
        wait_for(lambda: server.code("read", "meter-1", T) in
                 ("5.03", "5.04"), "an error in place of 3276.7")
        self.assertEqual(server.events(
            "response", text="3276.7"), [])
