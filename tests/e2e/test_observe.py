# SPDX-License-Identifier: GPL-2.0-or-later
"""Observe, its attributes, and both ways to end it."""
import time

import coap
import sites
from harness import Site, wait_for

T = "/3303/0/5700"


class Observe(Site):
    def setUp(self):
        super().setUp()
        self.slave_ = self.slave("1=plain")
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.set(200)
        self.gateway(self.relay_.port, sites.meters(self.slave_.port, (1,)))
        self.server_.registered("meter-1")

    def set(self, raw):
        self.slave_.do(f"set 1 holding 100 {raw}")

    def attributes(self, query, code="2.04", path=T):
        self.assertEqual(
            self.server_.code("attributes", "meter-1", path, query), code)

    def observe(self, path=T, **options):
        answer = self.server_.ask("observe", "meter-1", path, **options)
        self.assertEqual(answer["code"], "2.05")
        self.assertIn("observe", answer)
        return answer

    def notified(self, after, value=None, path=T, timeout=15):
        return self.server_.wait(
            "notification", timeout, after, where=lambda e:
            T in e["values"] and value in (None, e["values"][T]))

    def values_since(self, mark):
        return [e["values"][T] for e in
                self.server_.events("notification", after=mark)
                if T in e["values"]]

    def test_change_is_notified_with_growing_numbers(self):
        first = self.observe()
        self.assertEqual(first["values"], {T: 20.0})
        numbers = [first["observe"]]
        for raw in (210, 220, 230):
            mark = self.server_.mark()
            self.set(raw)
            event = self.notified(mark, raw / 10)
            self.assertEqual(event["token"], first["token"])
            self.assertEqual(event["type"], "CON")
            numbers.append(event["observe"])
        self.assertEqual(sorted(set(numbers)), numbers)

    def test_instance_and_object(self):
        for path in ("/3303/0", "/3303"):
            with self.subTest(path=path):
                self.observe(path, accept=110)
        mark = self.server_.mark()
        self.set(333)
        for path in ("/3303/0", "/3303"):
            event = self.server_.wait(
                "notification", after=mark, path=path,
                where=lambda e: e["values"].get(T) == 33.3)
            self.assertEqual(event["format"], 110)

    def test_notification_keeps_the_format(self):
        for raw, accept in ((410, 0), (420, 112), (430, 11542)):
            with self.subTest(accept=accept):
                self.observe(accept=accept)
                mark = self.server_.mark()
                self.set(raw)
                self.assertEqual(self.notified(mark)["format"], accept)
                self.server_.ask("cancel", "meter-1", T)

    def test_cancel_by_observe_1(self):
        self.observe()
        answer = self.server_.ask("cancel", "meter-1", T)
        self.assertEqual(answer["code"], "2.05")
        self.assertNotIn("observe", answer)
        self.assertQuiet()

    def test_cancel_by_reset(self):
        self.observe()
        self.server_.ask("forget", "meter-1", T)
        mark = self.relay_.mark()
        self.set(260)
        wait_for(lambda: any(m.kind == coap.RST for m in
                             self.relay_.messages("down", mark)), "a Reset")
        self.assertQuiet()

    def assertQuiet(self):
        """A change that is seen by a Read made no message of its own."""
        mark = self.relay_.mark()
        self.set(290)
        self.server_.wait_value("meter-1", T, 29.0)
        sent = [m for m in self.relay_.messages("up", mark)
                if m.number(coap.OBSERVE) is not None]
        self.assertEqual(sent, [])

    def test_pmax_notifies_although_nothing_changed(self):
        self.attributes("pmax=1")
        self.observe()
        mark = self.server_.mark()
        for _ in range(2):
            mark = self.server_.mark()
            self.notified(mark, 20.0)

    def test_pmin_holds_back_and_sends_the_newest(self):
        self.attributes("pmin=3")
        first = self.observe()
        events = self.server_.mark()
        for raw in (210, 220, 230):
            self.set(raw)
            self.server_.wait_value("meter-1", T, raw / 10)
        event = self.notified(events)
        self.assertEqual(event["values"][T], 23.0)
        self.assertEqual(event["token"], first["token"])
        self.assertEqual(self.values_since(events), [23.0])

    def test_gt_notifies_crossings_only(self):
        self.attributes("gt=25")
        self.observe()
        events = self.server_.mark()
        for raw in (210, 240, 260, 270, 240):
            self.set(raw)
            self.server_.wait_value("meter-1", T, raw / 10)
        self.notified(events, 24.0)
        self.assertEqual(self.values_since(events), [26.0, 24.0])

    def test_lt_notifies_crossings_only(self):
        self.attributes("lt=15")
        self.observe()
        events = self.server_.mark()
        for raw in (190, 140, 130, 160):
            self.set(raw)
            self.server_.wait_value("meter-1", T, raw / 10)
        self.notified(events, 16.0)
        self.assertEqual(self.values_since(events), [14.0, 16.0])

    def test_st_notifies_steps_from_the_last_one_told(self):
        self.attributes("st=2")
        self.observe()
        events = self.server_.mark()
        for raw in (210, 219, 221, 230, 241):
            self.set(raw)
            self.server_.wait_value("meter-1", T, raw / 10)
        self.notified(events, 24.1)
        self.assertEqual(self.values_since(events), [22.1, 24.1])

    def test_int_261_attributes_of_an_element(self):
        self.attributes("pmin=10", path="/3/0")
        self.attributes("pmax=320", path="/3/0/11")
        self.attributes("pmax=100&epmin=1&epmax=20", path="/3/0/11/0")
        answer = self.server_.ask("discover", "meter-1", "/3/0/11")
        self.assertEqual(
            answer["text"], "</3/0/11>;dim=1;pmin=10;pmax=320,"
            "</3/0/11/0>;pmax=100;epmin=1;epmax=20")

    def test_attributes_that_contradict_are_4_00(self):
        self.attributes("lt=30&gt=20", "4.00")
        self.attributes("lt=10&gt=20&st=6", "4.00")
        self.attributes("pmin=soon", "4.00")

    def test_attributes_of_missing_paths_are_4_04(self):
        self.attributes("pmin=1", "4.04", "/3304/0")

    def test_lost_notification_is_repeated(self):
        self.observe()
        lost = []

        def rule(way, message, _):
            if way == "up" and message.number(coap.OBSERVE) is not None \
                    and not lost:
                lost.append(message.mid)
                return 0
            return 1
        self.relay_.rule = rule
        mark = self.server_.mark()
        self.set(310)
        event = self.notified(mark, 31.0)
        self.assertEqual(lost, [event["mid"]])

    def test_server_default_period_holds_without_attributes(self):
        self.assertEqual(self.server_.code(
            "write", "meter-1", "/1/0/3", text="1"), "2.04")
        self.observe()
        mark = self.server_.mark()
        self.notified(mark, 20.0)

    def test_two_observations_of_two_paths_stay_apart(self):
        self.observe()
        other = self.observe("/3303/0/5602")
        mark = self.server_.mark()
        self.set(500)
        self.notified(mark, 50.0)
        event = self.server_.wait("notification", after=mark,
                                  path="/3303/0/5602")
        self.assertEqual(event["token"], other["token"])
        self.assertEqual(event["values"], {"/3303/0/5602": 50.0})


class ObserveEdge(Site):
    def test_only_rising_edges_are_told(self):
        pump = "/3306/0/5850"
        slave = self.slave("1=boiler")
        server = self.server()
        self.gateway(server.port, sites.boiler(slave.port))
        server.registered("boiler")
        slave.do("set 1 coil 3 0")
        server.wait_value("boiler", pump, False)
        self.assertEqual(server.code("attributes", "boiler", pump, "edge=1"),
                         "2.04")
        server.ask("observe", "boiler", pump)
        mark = server.mark()
        for value in (1, 0, 1):
            slave.do(f"set 1 coil 3 {value}")
            server.wait_value("boiler", pump, bool(value))
        wait_for(lambda: len(server.events("notification", after=mark)) >= 2,
                 "two notifications")
        self.assertEqual([e["values"] for e in
                          server.events("notification", after=mark)],
                         [{pump: True}] * 2)


def one_register(port, n):
    """n points that always change together."""
    return sites.bus(port) + """\
devices:
  - endpoint: meter-1
    bus: plant
    unit: 1
    poll: 200ms
    points:
""" + "".join(f"""\
      - {{name: t{i}, table: holding, address: 100, type: int16, scale: 0.1,
         unit: Cel, map: 3303/{i}}}
""" for i in range(n))


class ObserveTogether(Site):
    """What changes at once is told at once, one after the other."""
    PATHS = [f"/3303/{i}/5700" for i in range(4)]

    def start(self, attributes, **options):
        self.slave_ = self.slave("1=plain")
        self.server_ = self.server()
        self.relay_ = self.relay(self.server_)
        self.gateway(self.relay_.port,
                     one_register(self.slave_.port, len(self.PATHS)), **options)
        self.server_.registered("meter-1")
        for path in self.PATHS:
            self.assertEqual(self.server_.code("attributes", "meter-1", path,
                                               attributes), "2.04")
            self.server_.ask("observe", "meter-1", path)

    def change(self, raw):
        """The notifications up to the last of all paths, and what they took
        on the wire, s."""
        mark, first = self.server_.mark(), self.relay_.mark()
        self.slave_.do(f"set 1 holding 100 {raw}")
        for path in self.PATHS:
            self.server_.wait(
                "notification", after=mark, path=path,
                where=lambda e, p=path: e["values"] == {p: raw / 10})
        times = [t for t, _, way, data in self.relay_.log[first:]
                 if way == "up" and
                 coap.decode(data).number(coap.OBSERVE) is not None]
        return (self.server_.events("notification", after=mark),
                times[-1] - times[0])

    def test_pmin_of_one_does_not_put_off_another(self):
        pmin = 4
        self.start(f"pmin={pmin}")
        for raw in (300, 310):
            time.sleep(pmin)    # it is over for all of them
            events, took = self.change(raw)
            self.assertLess(took, pmin / 2)
            self.assertEqual([e["path"] for e in events], self.PATHS)

    def test_those_that_must_be_confirmed_wait_for_each_other(self):
        self.start("con=1", server="notify: non")
        for raw in (300, 310):
            events, took = self.change(raw)
            self.assertEqual([e["path"] for e in events], self.PATHS)
            self.assertEqual({e["type"] for e in events}, {"CON"})
            self.assertLess(took, 4)


class ObserveAtTheEnd(Site):
    def unacknowledged(self):
        """Server and gateway, with a notification under way for good."""
        slave = self.slave("1=plain")
        server = self.server()
        relay = self.relay(server)
        gateway = self.gateway(relay.port, sites.meters(slave.port, (1,)))
        server.registered("meter-1")
        server.ask("observe", "meter-1", T)
        relay.rule = lambda way, message, _: \
            0 if way == "down" and message.code_text == "0.00" else 1
        mark = server.mark()
        slave.do("set 1 holding 100 301")
        server.wait("notification", after=mark)
        return server, gateway

    def test_sigterm_deregisters_past_it(self):
        server, gateway = self.unacknowledged()
        self.assertEqual(gateway.stop(), 0)
        server.wait("unregistered", ep="meter-1")

    def test_sigterm_deregisters_past_it_and_an_update_that_waits(self):
        server, gateway = self.unacknowledged()
        self.assertEqual(server.code("execute", "meter-1", "/1/0/8"), "2.04")
        self.assertEqual(gateway.stop(), 0)
        server.wait("unregistered", ep="meter-1")


class ObserveUnconfirmed(Site):
    def test_notifications_are_non_where_the_server_wants_them_so(self):
        slave = self.slave("1=plain")
        server = self.server()
        self.gateway(server.port, sites.meters(slave.port, (1,)),
                     server="notify: non")
        server.registered("meter-1")
        server.ask("observe", "meter-1", T)
        mark = server.mark()
        slave.do("set 1 holding 100 301")
        event = server.wait("notification", after=mark)
        self.assertEqual((event["type"], event["values"]), ("NON", {T: 30.1}))
        self.assertEqual(server.code("attributes", "meter-1", T, "con=1"),
                         "2.04")
        mark = server.mark()
        slave.do("set 1 holding 100 302")
        event = server.wait("notification", after=mark)
        self.assertEqual((event["type"], event["values"]), ("CON", {T: 30.2}))
