# SPDX-License-Identifier: GPL-2.0-or-later
"""Queue mode: devices that sleep, their awake window, and what waits."""
import time

import coap
import sites
from harness import Site, wait_for

T = "/3303/0/5700"
SET = "/3308/0/5900"

# Awake for 1 s, asleep for 3 s. The window is shorter than it ever is.
SLEEPER = """\
devices:
  - endpoint: sleeper
    bus: sim
    poll: 200ms
    queue: true
    awake_time: 1s
    silent_after: 20s
    quiet_every: 4s
    quiet_for: 3s
    {more}
    points:
      - {{name: t, signal: ramp, min: 0, max: 1000, period: 1000s, map: 3303/0}}
      - {{name: setpoint, value: 20, map: 3308/0/5900, writable: true}}
"""


class Queue(Site):
    def start(self, more="", observe=(), **options):
        self.server_ = self.server(observe=observe)
        self.relay_ = self.relay(self.server_)
        self.gateway_ = self.gateway(self.relay_.port,
                                     SLEEPER.format(more=more), **options)
        self.server_.registered("sleeper")
        return self.server_

    def state(self):
        return self.gateway_.status("sleeper")["endpoints"][0]["state"]

    def wait_state(self, state):
        wait_for(lambda: self.state() == state, f"state {state}")

    def wait_asleep(self):
        """Just fallen asleep: for 2 s at least it stays so."""
        self.wait_state("online")
        self.wait_state("asleep")

    def test_registers_in_queue_mode(self):
        event = self.start().registered("sleeper")
        self.assertTrue(event["queue"])
        self.assertEqual(event["b"], "U")

    def test_registers_in_queue_mode_of_1_0(self):
        event = self.start(server="lwm2m: '1.0'").registered("sleeper")
        self.assertEqual(event["b"], "UQ")

    def test_asleep_is_healthy_and_shown(self):
        self.start()
        self.wait_asleep()
        result = self.gateway_.ctl("status")
        self.assertIn("asleep", result.stdout)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn('lwmux_endpoints{state="asleep"} 1',
                      self.gateway_.ctl("metrics").stdout)

    def test_read_of_a_sleeper_has_its_time(self):
        server = self.start()
        self.wait_asleep()
        answer = server.ask("read", "sleeper", T, accept=110)
        self.assertEqual(answer["code"], "2.05")
        age = time.time() - answer["times"][T]
        self.assertTrue(0 <= age < 5, f"age {age}")
        self.assertEqual(server.code("read", "sleeper", T, accept=0), "2.05")

    def test_update_comes_first_then_notifications(self):
        server = self.start(observe=[T])
        server.wait("notification", ep="sleeper")
        self.wait_asleep()
        # Its window is over as well: what is next, is of the next waking.
        time.sleep(1.2)
        self.wait_state("asleep")
        mark, events = self.relay_.mark(), server.mark()
        server.wait("notification", after=events, ep="sleeper")
        up = [m for m in self.relay_.messages("up", after=mark)
              if m.kind == coap.CON]
        self.assertEqual(up[0].code_text, "0.02", up)      # the Update
        self.assertTrue(up[0].path.startswith("/rd/"), up[0].path)
        self.assertEqual(up[1].code_text, "2.05", up)

    def test_nothing_is_sent_while_asleep(self):
        server = self.start(observe=[T])
        server.wait("notification", ep="sleeper")
        server.code("attributes", "sleeper", T, "pmin=0&pmax=1")
        for _ in range(5):              # until it has slept all the while
            self.wait_asleep()
            time.sleep(1.2)
            mark = self.relay_.mark()
            time.sleep(1.0)             # 2.2 s of 3 s of sleep
            if self.state() == "asleep":
                break
        else:
            self.fail("never asleep for long enough")
        self.assertEqual(self.relay_.messages("up", after=mark), [])

    def test_wakes_by_a_notification_where_told_to(self):
        server = self.start(more="wake: notify", observe=[T])
        server.wait("notification", ep="sleeper")
        self.wait_asleep()
        time.sleep(1.2)
        self.wait_state("asleep")
        mark, events = self.relay_.mark(), server.mark()
        server.wait("notification", after=events, ep="sleeper")
        up = [m for m in self.relay_.messages("up", after=mark)
              if m.kind == coap.CON]
        self.assertEqual(up[0].code_text, "2.05", up)

    def test_held_resource_is_written_at_once(self):
        server = self.start()
        self.wait_asleep()
        self.assertEqual(server.code("write", "sleeper", "/1/0/3", text="77"),
                         "2.04")
        self.assertEqual(server.value("sleeper", "/1/0/3", accept=110), 77)

    def test_write_is_held_until_it_wakes(self):
        server = self.start()
        self.wait_asleep()
        start = time.monotonic()
        id_ = server.send("write", "sleeper", SET, text="21",
                          timeout=15000)
        wait_for(lambda: self.gateway_.status("sleeper")["endpoints"][0]
                 .get("held") == 1, "a held write")
        self.assertIn("1 held", self.gateway_.ctl("status").stdout)
        self.assertEqual(server.answer(id_)["code"], "2.04")
        self.assertGreater(time.monotonic() - start, 0.5)
        server.wait_value("sleeper", SET, 21)

    def test_order_is_kept_and_the_last_write_counts(self):
        server = self.start()
        self.wait_asleep()
        ids = [server.send("write", "sleeper", SET, text=str(v),
                           timeout=15000) for v in (21, 22, 23)]
        for id_ in ids:
            self.assertEqual(server.answer(id_)["code"], "2.04")
        server.wait_value("sleeper", SET, 23)
        seen = [e["values"].get(SET) for e in server.events("response")
                if e.get("values")]
        self.assertNotIn(21, seen)
        self.assertNotIn(22, seen)

    def test_more_writes_than_can_wait(self):
        """The newest counts; those that were replaced long ago are told."""
        server = self.start()
        self.wait_asleep()
        ids = [server.send("write", "sleeper", SET, text=str(v),
                           timeout=15000) for v in range(1, 30)]
        codes = [server.answer(id_)["code"] for id_ in ids]
        self.assertEqual(codes[-1], "2.04", codes)
        self.assertLessEqual(set(codes), {"2.04", "5.03"}, codes)
        server.wait_value("sleeper", SET, 29)

    def test_hold_has_an_end(self):
        server = self.start(more="hold_at_most: 1s")
        self.wait_asleep()
        answer = server.ask("write", "sleeper", SET, text="21", timeout=15000)
        self.assertEqual(answer["code"], "5.04")
        self.wait_asleep()
        self.assertEqual(server.value("sleeper", SET, accept=110), 20)

    def test_refused_while_asleep(self):
        server = self.start(more="asleep_write: refuse")
        self.wait_asleep()
        self.assertEqual(server.code("write", "sleeper", SET, text="21"),
                         "5.03")

    def test_accepted_now_and_done_later(self):
        server = self.start(more="asleep_write: accept")
        self.wait_asleep()
        start = time.monotonic()
        self.assertEqual(server.code("write", "sleeper", SET, text="21"),
                         "2.04")
        self.assertLess(time.monotonic() - start, 1)
        server.wait_value("sleeper", SET, 21)

    def test_accepted_outlives_a_restart(self):
        server = self.start(more="asleep_write: accept")
        self.wait_asleep()
        self.assertEqual(server.code("write", "sleeper", SET, text="21"),
                         "2.04")
        wait_for(lambda: list((self.gateway_.state / "accepted").iterdir()),
                 "a stored write")
        mark = server.mark()
        self.gateway_.restart()
        server.registered("sleeper", after=mark)
        server.wait_value("sleeper", SET, 21)

    def start_rare(self, quiet):
        server = self.server()
        gateway = self.gateway(server.port, f"""\
            devices:
              - endpoint: rare
                bus: sim
                poll: 200ms
                queue: true
                silent_after: 2s
                quiet_every: {quiet + 2}s
                quiet_for: {quiet}s
                points: [{{name: t, value: 7, map: 3303/0}}]
              # Keeps the bus from being opened anew, with sim's time.
              - endpoint: lively
                bus: sim
                poll: 200ms
                points: [{{name: t, value: 7, map: 3303/0}}]
            """)
        server.registered("rare")
        return server, gateway

    def test_silent_but_not_lapsed_it_updates(self):
        server, gateway = self.start_rare(6)
        gateway.wait_log("rare", "silent")
        mark = server.mark()
        server.wait("updated", after=mark, ep="rare")
        gateway.wait_log("rare", "answers again")
        self.assertEqual(len(server.events("registered", ep="rare")), 1)
        server.wait_code("rare", T, "2.05")

    def test_silent_lapses_and_comes_back(self):
        server, _ = self.start_rare(12)
        server.shorten("rare", 4)
        server.wait_code("rare", T, "2.05")
        server.wait_code("rare", T, "5.04")
        mark = server.mark()
        server.wait("expired", ep="rare")
        server.registered("rare", after=mark)

    def test_another_queue_mode_registers_anew(self):
        server = self.start()
        for queue in (False, True):
            mark = server.mark()
            text = SLEEPER.format(more="").replace(
                "queue: true", f"queue: {str(queue).lower()}")
            self.gateway_.write("conf.d/devices.yaml", text)
            self.gateway_.reload()
            event = server.registered("sleeper", after=mark)
            self.assertEqual(event["queue"], queue)

    def test_window_of_a_server_is_shown_and_closes(self):
        self.start()
        self.wait_asleep()

        def window():
            endpoint = self.gateway_.status("sleeper")["endpoints"][0]
            return endpoint["servers"][0]["awake"]
        self.server_.code("read", "sleeper", T)     # an exchange opens it
        self.assertTrue(0 < window() <= 1, window())
        wait_for(lambda: window() == 0, "a closed window")

    def test_one_that_always_answers_is_awake(self):
        server = self.server()
        gateway = self.gateway(server.port, """\
            devices:
              - endpoint: lively
                bus: sim
                poll: 200ms
                queue: true
                points: [{name: t, value: 7, map: 3303/0}]
            """)
        server.registered("lively")
        for _ in range(5):
            time.sleep(0.3)
            state = gateway.status("lively")["endpoints"][0]["state"]
            self.assertEqual(state, "online")


class ExecuteOnce(Site):
    def test_an_execute_whose_answer_is_lost_is_not_done_again(self):
        """A value written twice is the same value; a pulse is another."""
        slave = self.slave("1=boiler")
        server = self.server()
        self.gateway(server.port, sites.boiler(slave.port).replace(
            "unit: 1", "unit: 1\n    queue: true"))
        server.registered("boiler")
        server.wait_value("boiler", "/3303/0/5700", server.value(
            "boiler", "/3303/0/5700"))
        slave.do("late 1 700")          # the bus waits 300 ms
        self.assertEqual(server.code("execute", "boiler", "/3/0/4"), "5.04")
        slave.wait_line(lambda l: l.startswith("write unit=1 coil 3"),
                        "what it was too late to answer")
        slave.do("late 1 0")
        slave.do("set 1 holding 100 333")
        server.wait_value("boiler", "/3303/0/5700", 33.3)
        # It was heard: what is held for it would have gone before this.
        self.assertEqual(server.code("write", "boiler", "/3308/0/5900",
                                     text=44), "2.04")
        coils = [w for w in slave.writes() if " coil " in f" {w} "]
        self.assertEqual(len(coils), 1, slave.writes())
