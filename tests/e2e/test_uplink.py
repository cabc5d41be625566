# SPDX-License-Identifier: GPL-2.0-or-later
"""The uplink changes under the gateway: every endpoint of every transport is
back within 10 s of the new way to its server. Addresses as in the field: a
lease that is another one, a modem that takes over, a cable that is pulled."""
import tempfile
import time

import sites
from harness import PATIENCE, Site
from scaled import ScaledSite
from uplinks import SERVER, SERVER6, SixServer, Uplinks

KEY = "00112233445566778899aabbccddeeff"
T = "/3303/0/5700"
BACK = 10 * PATIENCE            # s, from the new route on
TRANSPORTS = {"udp": ("coap", "port"), "dtls": ("coaps", "coaps"),
              "tcp": ("coap+tcp", "tcp"), "tls": ("coaps+tcp", "tls")}
SIM = ("  - {{endpoint: {ep}, bus: sim, poll: 1s, servers: [{server}], points: "
       "[{{name: t, signal: random, min: 18, max: 24, map: 3303/0}}]}}\n")


class UplinkChanges(Uplinks):
    def start(self):
        """One endpoint a transport, all registered and observed."""
        self.uplink("eth0", 1)
        self.address("eth0", 1, 2)
        with tempfile.NamedTemporaryFile("w", suffix=".psk") as keys:
            keys.write("".join(f"{ep} {KEY}\n" for ep in TRANSPORTS))
            keys.flush()
            self.server_ = self.far_server(observe=[T], coaps=0, tcp=0, tls=0,
                                           psk=keys.name)
        main = "gateway: {name: e2e}\nservers:\n"
        devices = "devices:\n"
        for i, (ep, (scheme, port)) in enumerate(TRANSPORTS.items(), 1):
            main += (f"  - {{id: {i}, uri: '{scheme}://{SERVER}:"
                     f"{self.server_.ports[port]}', lifetime: 5min")
            if ep in ("dtls", "tls"):
                main += ", security: psk, key_file: 'keys/${endpoint}.psk'"
            main += "}\n"
            devices += SIM.format(ep=ep, server=i)
        self.site = self.here_gateway(main, devices,
                                      [(ep, KEY) for ep in TRANSPORTS])
        for ep in TRANSPORTS:
            self.server_.registered(ep)
        self.told(0)

    def told(self, mark):
        for ep in TRANSPORTS:
            self.server_.wait("notification", BACK, mark, ep=ep)

    def all_back(self, mark, event="registered", address=None):
        """All of them, within the time that is left of 10 s."""
        end = time.monotonic() + BACK
        for ep in TRANSPORTS:
            found = self.server_.wait(event, max(0, end - time.monotonic()),
                                      mark, ep=ep)
            if address:
                self.assertIn(f"<-> {address}:", found["address"])
        self.told(mark)

    def test_another_address(self):
        self.start()
        mark = self.server_.mark()
        self.here.ip("addr del 10.77.1.2/24 dev eth0")
        self.address("eth0", 1, 9)
        self.all_back(mark, address="10.77.1.9")

    def test_a_second_uplink_takes_over_and_gives_back(self):
        self.start()
        self.uplink("wwan0", 2)
        mark = self.server_.mark()
        self.here.ip("route del default dev eth0")
        self.address("wwan0", 2, 2, metric=700)
        self.all_back(mark, address="10.77.2.2")
        mark = self.server_.mark()
        # The old one is there still, and is the worse one only.
        self.here.ip("route add default via 10.77.1.1 dev eth0 metric 100")
        self.all_back(mark, address="10.77.1.2")

    def test_a_cable_that_was_pulled(self):
        self.start()
        self.there.ip("link set eth0-far down")
        # So long that the next repetition of what is under way is far off.
        time.sleep(12)
        mark = self.server_.mark()
        self.there.ip("link set eth0-far up")
        end = time.monotonic() + BACK
        for ep in TRANSPORTS:
            self.server_.wait("notification",
                              max(0, end - time.monotonic()), mark, ep=ep)

    def test_another_router_and_a_server_that_forgot(self):
        """Our address is the same, so that the session is tried; the server
        has it no more, and another one is made. Nothing is observed: what is
        under way would end the session at once."""
        self.uplink("eth0", 1)
        self.address("eth0", 1, 2)
        self.there.ip("addr add 10.77.1.3/24 dev eth0-far")
        with tempfile.NamedTemporaryFile("w", suffix=".psk") as keys:
            keys.write(f"dtls {KEY}\n")
            keys.flush()
            server = self.far_server(coaps=0, psk=keys.name)
        site = self.here_gateway(
            f"gateway: {{name: e2e}}\nservers: [{{id: 1, uri: 'coaps://{SERVER}"
            f":{server.ports['coaps']}', security: psk, key_file: "
            "'keys/${endpoint}.psk', lifetime: 1h}]\n",
            "devices:\n" + SIM.format(ep="dtls", server=1), [("dtls", KEY)])
        server.registered("dtls")
        server.ask("amnesia")
        mark = server.mark()
        self.here.ip("route replace default via 10.77.1.3 dev eth0 metric 100")
        # That it is tried for 6 s is for test_coap_session to show.
        server.registered("dtls", 3 * BACK, mark)
        site.wait_log("dtls", "the session is given up")

    def test_no_uplink_at_the_start(self):
        self.uplink("eth0", 1)
        self.server_ = self.far_server()
        self.site = self.here_gateway(
            f"gateway: {{name: e2e}}\nservers: [{{id: 1, uri: 'coap://{SERVER}"
            f":{self.server_.port}'}}]\n",
            "devices:\n" + SIM.format(ep="udp", server=1))
        self.site.wait_log("udp", "unreachable")
        mark = self.server_.mark()
        self.address("eth0", 1, 2)
        self.server_.registered("udp", BACK, mark)

    def test_a_change_that_is_not_ours(self):
        """Containers come and go: nobody says a word to the server."""
        self.start()
        mark = self.server_.mark()
        self.uplink("veth7", 7)
        self.here.ip("addr add 10.77.7.2/24 dev veth7")
        self.here.ip("link del veth7")
        at = mark
        for _ in range(5):      # polls of 1 s: changes settle in 3 s
            found = self.server_.wait("notification", after=at, ep="udp")
            at = self.server_.lines.index(found) + 1
        self.assertEqual(self.server_.events("registered", after=mark), [])
        self.assertEqual(self.server_.events("updated", after=mark), [])


class Names(Uplinks):
    def start(self, *hosts):
        self.hosts(*hosts)
        self.uplink("eth0", 1)
        self.server_ = self.far_server(observe=[T])
        self.site = self.here_gateway(
            "gateway: {name: e2e}\nservers: [{id: 1, uri: 'coap://lwm2m.test:"
            f"{self.server_.port}', lifetime: 5min}}]\n",
            "devices:\n" + SIM.format(ep="udp", server=1))

    def test_from_ipv4_to_ipv6(self):
        self.start(f"{SERVER} lwm2m.test", f"{SERVER6} lwm2m.test")
        self.add(SixServer(self.there, self.server_.port))
        self.address("eth0", 1, 2)
        self.server_.registered("udp")
        self.server_.wait("notification", ep="udp")
        mark = self.server_.mark()
        self.here.ip("addr flush dev eth0")
        self.here.ip("addr add fd77:1::2/64 dev eth0 nodad")
        self.here.ip("-6 route add default via fd77:1::1 dev eth0")
        self.server_.registered("udp", BACK, mark)
        self.server_.wait("notification", BACK, mark, ep="udp")

    def test_the_name_is_known_with_the_uplink_only(self):
        self.start("127.0.0.1 localhost")
        self.site.wait_log("cannot look up")
        self.hosts(f"{SERVER} lwm2m.test")
        self.address("eth0", 1, 2)
        self.server_.registered("udp", BACK)



class Many(Uplinks):
    N = 1000
    PACE = 200

    def test_a_thousand_do_not_storm(self):
        self.uplink("eth0", 1)
        self.address("eth0", 1, 2)
        server = self.far_server(observe=[T])
        self.here_gateway(
            f"gateway: {{name: e2e}}\nservers: [{{id: 1, uri: 'coap://{SERVER}"
            f":{server.port}', pace: {self.PACE}, lifetime: 5min}}]\n",
            "devices:\n" + "".join(SIM.format(ep=f"e-{i}", server=1)
                                   for i in range(self.N)))
        for i in range(self.N):
            server.registered(f"e-{i}", 60)
        mark = server.mark()
        begin = time.monotonic()
        self.here.ip("addr del 10.77.1.2/24 dev eth0")
        self.address("eth0", 1, 9)
        for i in range(self.N):
            server.registered(f"e-{i}", BACK, mark)
        took = time.monotonic() - begin
        # Each once, and not faster than the server wants them.
        self.assertEqual(len(server.events("registered", after=mark)), self.N)
        self.assertGreater(took, self.N / self.PACE * 0.9)


class Nat(Site):
    """A router that forgets what it has passed on: the next datagram comes
    from another port, and nothing finds its way back to the old one."""

    def test_nosec_is_reached_again_after_the_next_update(self):
        server = self.server()
        relay = self.relay(server)
        self.gateway(relay.port, sites.SIM)
        before = server.registered("sim")["address"]
        server.shorten("sim", 5)
        relay.forget()
        mark = server.mark()
        found = server.wait("updated", after=mark, ep="sim")
        self.assertNotEqual(found["address"], before)
        server.wait_value("sim", "/3303/0/5700", 21.5)


class Unanswered(ScaledSite):
    """Nobody tells of a change beyond the next router: what gets no answer is
    the sign of it."""
    SCALE = 60

    def test_nosec_goes_on_by_a_new_socket(self):
        server = self.server()
        relay = self.relay(server)
        self.gateway(relay.port, sites.SIM)
        server.registered("sim")
        port = relay.port_of("sim")
        # All that comes by this port is lost from now on, as with a socket
        # that is bound to an address that was taken away.
        relay.dead.add(port)
        mark = server.mark()
        server.registered("sim", 60, mark)
        self.assertNotEqual(relay.port_of("sim"), port)
