# SPDX-License-Identifier: GPL-2.0-or-later
"""Register, Update and Deregister, as they stand on the wire."""
import socket
import time

import coap
import sites
from harness import WAIT, Server, Site, free_port

LINKS = ('</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</7/0>,</16>,</19>,'
         '</3303>;ver=1.1,</3303/0>,'
         '</3308>;ver=1.1,</3308/0>')


class Registration(Site):
    def start(self, **options):
        server = self.server()
        options.setdefault("server", "ct: 110")
        gateway = self.gateway(server.port, sites.SIM, **options)
        return server, gateway

    def test_register_byte_for_byte(self):
        server, _ = self.start()
        event = server.registered("sim")
        self.assertEqual(event["path"], "/rd")
        self.assertEqual(event["query"], "ep=sim&lt=300&lwm2m=1.1&b=U")
        self.assertEqual(event["content"], LINKS)

    def test_register_without_ver(self):
        server, _ = self.start(server="ct: 110\n    ver: false")
        self.assertEqual(server.registered("sim")["content"],
                         LINKS.replace("</3303>;ver=1.1,", "")
                         .replace("</3308>;ver=1.1,", ""))

    def test_versions_that_are_wanted(self):
        for keys, links in (
                ("ver: {3303: '1.0'}", LINKS.replace("</3303>;ver=1.1",
                                                     "</3303>;ver=1.0")),
                ('lwm2m: "1.0"\n    ver: true\n    ct: 110', LINKS)):
            with self.subTest(keys):
                server, _ = self.start(server=keys)
                self.assertEqual(server.registered("sim")["content"], links)

    def test_format_of_what_is_read_without_one(self):
        for keys, form in (("", 110), ("ct: none", 112), ("ct: 11542", 11542),
                           ("format: senml-cbor", 112),
                           ("format: lwm2m-cbor", 11544),
                           ("server: leshan-1", 11542),
                           ("server: thingsboard", 110)):
            with self.subTest(keys):
                server, _ = self.start(server=keys)
                server.registered("sim")
                answer = server.ask("read", "sim", "/3303/0")
                self.assertEqual(answer["format"], form)
                if form != 11544:       # which this server cannot read
                    self.assertNotIn("decode_error", answer)
                answer = server.ask("observe", "sim", "/3303/0")
                self.assertEqual(answer["format"], form)

    def test_a_server_has_its_answer_before_a_client_leaves(self):
        """With the registration some forget what they wait for, and handle
        the answer and the De-register side by side."""
        server, _ = self.start()
        server.registered("sim")
        server.code("write", "sim", "/1/0/5", text=1)
        mark = server.mark()
        asked = time.monotonic()
        self.assertEqual(server.code("execute", "sim", "/1/0/4"), "2.04")
        server.wait("unregistered", after=mark, ep="sim")
        self.assertGreater(time.monotonic() - asked, 0.5)
        server.registered("sim", after=mark)

    def test_a_server_has_its_answer_before_a_restarted_device_registers(self):
        server = self.server()
        self.gateway(server.port, """\
            devices:
              - endpoint: sim
                bus: sim
                points:
                  - {name: restart, value: 0, map: 3/0/4, on_execute: 1,
                     writable: true}
            """)
        server.registered("sim")
        mark = server.mark()
        asked = time.monotonic()
        self.assertEqual(server.code("execute", "sim", "/3/0/4"), "2.04")
        server.registered("sim", after=mark)
        self.assertGreater(time.monotonic() - asked, 0.5)

    def test_register_as_1_0(self):
        server, _ = self.start(server='lwm2m: "1.0"')
        self.assertEqual(server.registered("sim")["query"],
                         "ep=sim&lt=300&lwm2m=1.0&b=U")

    def test_observation_that_overtakes_the_2_01_is_kept(self):
        slave = self.slave("1=plain")
        server = self.server()
        relay = self.relay(server)
        lost = []

        def rule(way, message, _):
            if way == "up" or message.code_text != "2.01" or lost:
                return 1
            lost.append(message)
            return 0
        relay.rule = rule
        gateway = self.gateway(relay.port, sites.meters(slave.port, (1,)))
        server.registered("meter-1")
        answer = server.ask("observe", "meter-1", "/3303/0/5700")
        self.assertIn("observe", answer)
        gateway.wait_log("registered at")
        mark = server.mark()
        slave.do("set 1 holding 100 345")
        event = server.wait("notification", after=mark, ep="meter-1")
        self.assertEqual(event["values"], {"/3303/0/5700": 34.5})

    def test_register_path_of_the_server(self):
        server, _ = self.start(server="path: /sensors/rd")
        event = server.registered("sim")
        self.assertEqual(event["path"], "/sensors/rd")
        server.code("execute", "sim", "/1/0/8")
        server.wait("updated", ep="sim")

    def test_queue_mode_in_1_1(self):
        server = self.server()
        self.gateway(server.port,
                     sites.SIM.replace("poll:", "queue: true\n    poll:"))
        event = server.registered("sim")
        self.assertEqual(event["query"], "ep=sim&lt=300&lwm2m=1.1&b=U&Q")

    def test_queue_mode_in_1_0(self):
        server = self.server()
        self.gateway(server.port,
                     sites.SIM.replace("poll:", "queue: true\n    poll:"),
                     server='lwm2m: "1.0"')
        event = server.registered("sim")
        self.assertEqual(event["query"], "ep=sim&lt=300&lwm2m=1.0&b=UQ")

    def test_gateway_registers_itself_where_it_has_an_endpoint(self):
        server = self.server()
        main = ("gateway: {name: e2e, endpoint: e2e-gateway}\n"
                f"servers: [{{id: 1, uri: 'coap://127.0.0.1:{server.port}'}}]")
        self.gateway(server.port, sites.SIM, **{"lwmux.yaml": main})
        server.registered("e2e-gateway")
        server.registered("sim")

    def test_location_in_two_options_is_echoed(self):
        server, _ = self.start()
        self.assertEqual(server.registered("sim")["location"], "/rd/1")
        self.assertEqual(server.code("execute", "sim", "/1/0/8"), "2.04")
        server.wait("updated", ep="sim")

    def test_location_in_one_option_is_echoed(self):
        server = self.server()
        server.ask("location", "single")
        self.gateway(server.port, sites.SIM)
        server.registered("sim")
        self.assertEqual(server.code("execute", "sim", "/1/0/8"), "2.04")
        server.wait("updated", ep="sim")
        self.assertEqual(server.events("rejected"), [])

    def test_update_before_the_lifetime_ends(self):
        server, _ = self.start()
        server.registered("sim")
        server.shorten("sim", 4)
        for _ in range(2):
            mark = server.mark()
            event = server.wait("updated", ep="sim", after=mark)
        self.assertEqual(event["query"], "")
        self.assertIsNone(event["content"])
        self.assertEqual(server.events("expired"), [])

    def test_written_lifetime_is_told_by_an_update(self):
        server, _ = self.start()
        server.registered("sim")
        self.assertEqual(server.code("write", "sim", "/1/0/1", text=120),
                         "2.04")
        self.assertEqual(server.wait("updated")["query"], "lt=120")
        self.assertEqual(server.value("sim", "/1/0/1"), 120)

    def again_within_3_s(self, gateway):
        line = gateway.wait_log("sim", "again in")
        self.assertRegex(line, r"again in [1-3] s$")

    def test_written_retries_are_in_force_and_kept(self):
        server, gateway = self.start()
        server.registered("sim")
        self.assertEqual(server.value("sim", "/1/0/18"), 60)
        self.assertEqual(server.code("write", "sim", "/1/0/18", text=3),
                         "2.04")
        self.assertEqual(server.code("write", "sim", "/1/0/13", text=3),
                         "4.05")
        gateway.restart()
        server.registered("sim", after=server.mark())
        self.assertEqual(server.value("sim", "/1/0/18"), 3)
        server.ask("answer", "update", "4.03", 1)
        mark = server.mark()
        self.assertEqual(server.code("execute", "sim", "/1/0/8"), "2.04")
        self.again_within_3_s(gateway)
        server.registered("sim", after=mark)

    def test_configured_retries_delay_and_order(self):
        server, second = self.server(), self.server()
        server.ask("answer", "register", "4.03", 1)
        gateway = self.gateway(server.port, sites.SIM, server=(
            "retry_timer: 3s\n    initial_delay: 1s\n    priority: 1\n  - "
            f"{{id: 2, uri: 'coap://127.0.0.1:{second.port}', priority: 2}}"))
        self.again_within_3_s(gateway)
        self.assertEqual(second.events("registered"), [])
        server.registered("sim")
        second.registered("sim")
        self.assertEqual(server.value("sim", "/1/0/13"), 1)
        self.assertEqual(server.value("sim", "/1/0/14"), 1)

    def test_factory_reset_forgets_what_a_server_has_set(self):
        server, gateway = self.start()
        server.registered("sim")
        self.assertEqual(server.code("write", "sim", "/1/0/2", text=7), "2.04")
        mark = server.mark()
        asked = time.monotonic()
        self.assertEqual(server.code("execute", "sim", "/3/0/5"), "2.04")
        server.wait("unregistered", after=mark, ep="sim")
        self.assertGreater(time.monotonic() - asked, 0.5)
        server.registered("sim", after=mark)
        self.assertEqual(server.value("sim", "/1/0/2"), 0)
        gateway.wait_log("sim", "factory reset")

    def test_what_changes_nothing_is_not_told(self):
        server, _ = self.start()
        lifetime = server.registered("sim")["lt"]
        mark = server.mark()
        for path, value in (("/1/0/1", lifetime), ("/1/0/7", "U")):
            self.assertEqual(server.code("write", "sim", path, text=value),
                             "2.04")
        self.assertEqual(server.code("execute", "sim", "/1/0/8"), "2.04")
        server.wait("updated", after=mark)      # the trigger's
        self.assertEqual(server.value("sim", "/1/0/7"), "U")
        self.assertEqual(len(server.events("updated", after=mark)), 1)

    def switch_queue_mode(self, version, bindings):
        server, _ = self.start(server=f'lwm2m: "{version}"')
        server.registered("sim")
        for value, says in zip(("UQ", "U"), bindings):
            mark = server.mark()
            self.assertEqual(server.code("write", "sim", "/1/0/7",
                                         text=value), "2.04")
            self.assertEqual(server.registered("sim", after=mark)["query"],
                             f"ep=sim&lt=300&lwm2m={version}&{says}")
            self.assertEqual(server.value("sim", "/1/0/7"), value)

    def test_a_server_switches_queue_mode_in_1_1(self):
        self.switch_queue_mode("1.1", ("b=U&Q", "b=U"))

    def test_a_server_switches_queue_mode_in_1_0(self):
        self.switch_queue_mode("1.0", ("b=UQ", "b=U"))

    def test_no_server_ends_the_queue_mode_of_what_sleeps(self):
        server = self.server()
        self.gateway(server.port,
                     sites.SIM.replace("poll:", "queue: true\n    poll:"))
        server.registered("sim")
        self.assertEqual(server.value("sim", "/1/0/7"), "UQ")
        self.assertEqual(server.code("write", "sim", "/1/0/7", text="U"),
                         "4.00")
        self.assertEqual(server.code("write", "sim", "/1/0/7", text="UQ"),
                         "2.04")

    def test_what_cannot_be_is_refused_and_not_kept(self):
        server, _ = self.start()
        server.registered("sim")
        before = server.value("sim", "/1/0/1")
        for path, value in (("/1/0/7", "TQ"), ("/1/0/7", "T"),
                            ("/1/0/7", "X"), ("/1/0/7", ""),
                            ("/1/0/7", "Q"), ("/1/0/7", "UQQ"),
                            ("/1/0/1", 1 << 32), ("/1/0/1", (1 << 63) - 1),
                            ("/1/0/1", -1), ("/1/0/5", 1 << 32)):
            self.assertEqual(server.code("write", "sim", path, text=value),
                             "4.00", f"{path} = {value}")
        self.assertEqual(server.value("sim", "/1/0/7"), "U")
        self.assertEqual(server.value("sim", "/1/0/1"), before)
        self.assertEqual(server.code("write", "sim", "/1/0/1",
                                     text=(1 << 32) - 1), "2.04")
        self.assertEqual(server.wait("updated")["lt"], (1 << 32) - 1)

    def test_update_trigger_sends_an_update_without_parameters(self):
        server, _ = self.start()
        server.registered("sim")
        self.assertEqual(server.code("execute", "sim", "/1/0/8"), "2.04")
        event = server.wait("updated", ep="sim")
        self.assertEqual((event["query"], event["content"]), ("", None))

    def test_points_added_by_a_reload_are_told(self):
        server, gateway = self.start()
        server.registered("sim")
        more = "      - {name: wet, value: 40, map: 3304/0, unit: '%RH'}\n"
        gateway.write("conf.d/devices.yaml", sites.SIM + more)
        gateway.reload()
        server.wait_line(lambda e: e["event"] in ("updated", "registered") and
                         "</3303/0>" in e["links"] and
                         "</3304/0>" in e["links"], "new object list")

    def test_unknown_update_registers_again(self):
        server, _ = self.start()
        server.registered("sim")
        mark = server.mark()
        server.ask("answer", "update", "4.04", "1")
        self.assertEqual(server.code("execute", "sim", "/1/0/8"), "2.04")
        server.wait("rejected", after=mark, operation="update")
        server.registered("sim", after=mark)

    def test_forgotten_registration_comes_back(self):
        server, _ = self.start()
        server.registered("sim")
        server.shorten("sim", 4)
        mark = server.mark()
        server.ask("unregister", "sim")
        server.registered("sim", after=mark)

    def test_restarted_server_gets_all_registrations_again(self):
        server, _ = self.start()
        server.registered("sim")
        server.shorten("sim", 6)
        port = server.port
        self.parts.remove(server)
        server.end()
        again = self.add(Server(port))
        again.registered("sim", timeout=90)

    def test_version_not_supported_is_lowered_to_1_0(self):
        server = self.server()
        server.ask("answer", "register", "4.12", "1")
        self.gateway(server.port, sites.SIM)
        event = server.registered("sim")
        self.assertEqual(event["lwm2m"], "1.0")

    def test_lwm2m_1_2_where_the_server_takes_it(self):
        server = self.server(lwm2m="1.2")
        gateway = self.gateway(server.port, sites.SIM, server='lwm2m: "1.2"')
        self.assertEqual(server.registered("sim")["query"],
                         "ep=sim&lt=300&lwm2m=1.2&b=U")
        gateway.wait_log("as LwM2M 1.2")

    def test_lwm2m_1_2_is_lowered_to_what_the_server_takes(self):
        server = self.server()
        self.gateway(server.port, sites.SIM, server='lwm2m: "1.2"')
        self.assertEqual(server.registered("sim")["lwm2m"], "1.1")

    def test_lwm2m_1_2_is_lowered_as_far_as_1_0(self):
        server = self.server()
        server.ask("answer", "register", "4.12", "2")
        self.gateway(server.port, sites.SIM, server='lwm2m: "1.2"')
        self.assertEqual(server.registered("sim")["lwm2m"], "1.0")

    def test_lost_register_is_repeated(self):
        server = self.server()
        server.ask("answer", "register", "drop", "1")
        self.gateway(server.port, sites.SIM)
        server.registered("sim")

    def test_late_answer_to_a_register_counts(self):
        server = self.server()
        server.ask("delay", "300")
        self.gateway(server.port, sites.SIM)
        server.registered("sim")
        # Its own answer to our answer is what shows that it was understood.
        self.assertEqual(server.code("read", "sim", "/1/0/1"), "2.05")

    def test_server_down_at_start_is_found_later(self):
        port = free_port()
        gateway = self.gateway(port, sites.SIM)
        gateway.wait_log("sim")
        server = self.add(Server(port))
        server.registered("sim", timeout=70)

    def test_sigterm_deregisters_and_exits_with_0_within_5_s(self):
        server, gateway = self.start()
        server.registered("sim")
        self.assertEqual(gateway.stop(), 0)
        server.wait("unregistered", ep="sim")

    def test_sigterm_ends_it_although_the_server_is_gone(self):
        server, gateway = self.start()
        server.registered("sim")
        server.ask("silent", "on")
        self.assertEqual(gateway.stop(), 0)

    def test_endpoints_have_ports_of_their_own(self):
        server = self.server()
        two = sites.SIM + sites.SIM.replace("devices:\n", "").replace(
            "endpoint: sim", "endpoint: other")
        self.gateway(server.port, two)
        ports = {server.registered(ep)["address"] for ep in ("sim", "other")}
        self.assertEqual(len(ports), 2)

    def test_messages_ids_do_not_start_alike(self):
        server = self.server()
        two = sites.SIM + sites.SIM.replace("devices:\n", "").replace(
            "endpoint: sim", "endpoint: other")
        self.gateway(server.port, two)
        mids = {server.registered(ep)["mid"] for ep in ("sim", "other")}
        self.assertEqual(len(mids), 2)

    def test_large_object_list_goes_in_blocks(self):
        server = self.server()
        relay = self.relay(server)
        points = "".join(
            f"      - {{name: p{i}, value: {i}, map: 3303/{i}, unit: Cel}}\n"
            for i in range(150))
        self.gateway(relay.port, "devices:\n  - endpoint: big\n    bus: sim\n"
                     "    points:\n" + points)
        content = server.registered("big")["content"]
        self.assertGreater(len(content), 1500)
        for i in range(150):
            self.assertIn(f"</3303/{i}>", content)
        blocks = [m.number(coap.BLOCK1) for m in relay.messages("up")]
        self.assertIsNotNone(blocks[0])


class AnswersThatRegisterNobody(Site):
    """Only 2.01 with a place to update is a registration."""

    def answered(self, code, options=(), payload=b""):
        """The log of one whose first Register is answered so; it asks again."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(WAIT)
            gateway = self.gateway(server.getsockname()[1], sites.SIM)
            datagram, peer = server.recvfrom(2048)
            request = coap.decode(datagram)
            self.assertEqual(request.path, "/rd")
            server.sendto(coap.Message(coap.ACK, code, request.mid,
                                       request.token, options,
                                       payload).encode(), peer)
            gateway.wait_log("sim", code.split()[0])
            (row,) = gateway.status("sim")["endpoints"]
            self.assertNotEqual(row["servers"][0]["state"], "registered")
            self.assertNotEqual(gateway.ctl("status").returncode, 0)
            return gateway

    def test_created_without_location(self):
        self.answered("2.01").wait_log("no Location-Path")

    def test_created_with_a_location_that_is_too_long(self):
        self.answered("2.01", [(coap.LOCATION_PATH, b"x" * 200)] * 2)

    def test_content(self):
        self.answered("2.05", payload=b"hello").wait_log("2.05: hello")

    def test_changed(self):
        self.answered("2.04", [(coap.LOCATION_PATH, b"rd")])

    def test_unavailable_for_a_while(self):
        """RFC 7252 5.9.3.4: the Max-Age of a 5.03 is when to come again."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(WAIT)
            self.gateway(server.getsockname()[1], sites.SIM)
            datagram, peer = server.recvfrom(2048)
            first = coap.decode(datagram)
            server.sendto(coap.Message(coap.ACK, "5.03", first.mid,
                                       first.token, [(coap.MAX_AGE, b"\2")],
                                       b"").encode(), peer)
            again = first
            while again.mid == first.mid:
                again = coap.decode(server.recvfrom(2048)[0])
            self.assertEqual(again.path, "/rd")
